import { describe, expect, it } from '@jest/globals';
import { readSettings, SettingsInvalid, VARIABLES, variableName } from './read-settings.js';

const COMPLETE = {
  DATABASE_URL: 'postgresql://podcast_app:secret@localhost:5432/podcast',
  API_KEY_PEPPER: 'p'.repeat(32),
  PRIVACY_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
};

/** The faults that reading reports; empty when it reports none. */
function faultsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    if (error instanceof SettingsInvalid) return error.faults;
    throw error;
  }
}

describe('readSettings', () => {
  it('takes the least that a process needs and fills in the rest', () => {
    const settings = readSettings(COMPLETE);
    expect(settings).toMatchObject({
      port: 8000,
      workerPort: 8001,
      bindAddress: '0.0.0.0',
      logLevel: 'info',
    });
    expect(settings).toMatchObject({ databaseReplicaUrls: [], corsOrigins: [], trustProxy: [] });
    expect(settings.redisUrl).toBeUndefined();
  });

  it('names every fault at once, each by its variable', () => {
    const faults = faultsOf({
      PORT: '99999',
      LOG_LEVEL: 'loud',
      REDIS_URL: 'http://localhost',
      PRIVACY_MASTER_KEY: 'short',
      INGEST_ACCEPTANCE_DAYS: 'week',
      READY_CHECKS_DEPENDENCIES: 'perhaps',
    });
    for (const name of [
      'DATABASE_URL',
      'API_KEY_PEPPER',
      'PRIVACY_MASTER_KEY',
      'PORT',
      'LOG_LEVEL',
      'REDIS_URL',
      'INGEST_ACCEPTANCE_DAYS',
      'READY_CHECKS_DEPENDENCIES',
    ]) {
      expect(faults.filter((fault) => fault.includes(name)).length).toBeGreaterThan(0);
    }
  });

  it('repeats no value, since it may be a secret', () => {
    const message = faultsOf({
      ...COMPLETE,
      DATABASE_URL: 'mysql://root:hidden@x',
      API_KEY_PEPPER: 'hidden',
    });
    expect(message).toHaveLength(2);
    expect(message.join()).not.toContain('hidden');
  });

  it('counts an empty variable as absent', () => {
    const settings = readSettings({
      ...COMPLETE,
      PORT: '',
      REDIS_URL: '  ',
      CORS_ORIGINS: '',
      RAW_RETENTION_DAYS: '',
    });
    expect(settings.port).toBe(8000);
    expect(settings.redisUrl).toBeUndefined();
    expect(settings.corsOrigins).toEqual([]);
    expect(settings.rawRetentionDays).toBe(730);
  });

  it('refuses an empty DATABASE_URL, and takes the parts in its place', () => {
    expect(faultsOf({ ...COMPLETE, DATABASE_URL: '' }).join()).toContain('DATABASE_URL');
    expect(readSettings({ ...COMPLETE, DATABASE_URL: '', POSTGRES_HOST: 'db' }).databaseUrl).toContain(
      '@db:5432/',
    );
  });

  it('trims what it takes', () => {
    expect(readSettings({ ...COMPLETE, LOG_LEVEL: ' warn\n' }).logLevel).toBe('warn');
  });

  it('ignores variables that are not its own', () => {
    expect(Object.keys(readSettings({ ...COMPLETE, PATH: '/bin', PASSWORD: 'x' }))).not.toContain('password');
  });

  describe('the database', () => {
    const parts = { ...COMPLETE, DATABASE_URL: undefined };

    it('is put together from its parts, with what a URL cannot hold encoded', () => {
      const settings = readSettings({
        ...parts,
        POSTGRES_HOST: 'db.internal',
        POSTGRES_PORT: '6432',
        POSTGRES_DATABASE: 'pod/cast',
        POSTGRES_USER: 'a b',
        POSTGRES_PASSWORD: 'p@ss:w/rd?#%',
      });
      const url = new URL(settings.databaseUrl);
      expect([url.hostname, url.port]).toEqual(['db.internal', '6432']);
      expect([url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent)).toEqual([
        'a b',
        'p@ss:w/rd?#%',
        'pod/cast',
      ]);
    });

    it('needs only the host', () => {
      expect(readSettings({ ...parts, POSTGRES_HOST: 'db' }).databaseUrl).toBe(
        'postgresql://postgres@db:5432/postgres',
      );
    });

    it('is what DATABASE_URL says where both are set', () => {
      expect(readSettings({ ...COMPLETE, POSTGRES_HOST: 'elsewhere' }).databaseUrl).toBe(
        COMPLETE.DATABASE_URL,
      );
    });

    it('is refused without either', () => {
      expect(faultsOf(parts).join()).toContain('POSTGRES_HOST');
    });

    it('may have several replicas, each a PostgreSQL URL', () => {
      const two = 'postgresql://a/x, postgres://b/x,';
      expect(readSettings({ ...COMPLETE, DATABASE_REPLICA_URLS: two }).databaseReplicaUrls).toEqual([
        'postgresql://a/x',
        'postgres://b/x',
      ]);
      expect(faultsOf({ ...COMPLETE, DATABASE_REPLICA_URLS: 'postgresql://a/x,b' })).toHaveLength(1);
    });
  });

  describe('Redis', () => {
    it('is put together from its parts', () => {
      const settings = readSettings({
        ...COMPLETE,
        REDIS_HOST: 'cache',
        REDIS_PORT: '7000',
        REDIS_PASSWORD: 'p@ss',
      });
      expect(settings.redisUrl).toBe('redis://:p%40ss@cache:7000');
      expect(readSettings({ ...COMPLETE, REDIS_HOST: 'cache' }).redisUrl).toBe('redis://cache:6379');
    });

    it('may be encrypted', () => {
      expect(faultsOf({ ...COMPLETE, REDIS_URL: 'rediss://cache:6379' })).toEqual([]);
    });
  });

  describe('the privacy key', () => {
    it.each([31, 33])('of %d bytes is refused', (bytes) => {
      expect(
        faultsOf({ ...COMPLETE, PRIVACY_MASTER_KEY: Buffer.alloc(bytes).toString('base64') }),
      ).toHaveLength(1);
    });
  });

  it.each([
    ['PORT', 0, 65_535],
    ['POSTGRES_PORT', 1, 65_535],
    ['REDIS_PORT', 1, 65_535],
    ['DATABASE_POOL_SIZE', 2, 500],
    ['INGEST_POOL_SIZE', 1, 100],
    ['STATEMENT_TIMEOUT_MS', 100, 600_000],
    ['LOCK_TIMEOUT_MS', 50, 60_000],
    ['INGEST_MAX_BATCH_EVENTS', 1, 10_000],
    ['INGEST_MAX_BODY_BYTES', 1_024, 16_777_216],
    ['INGEST_ACCEPTANCE_DAYS', 1, 90],
    ['INGEST_TENANT_EVENTS_PER_SECOND', 0, 1_000_000],
    ['RAW_RETENTION_DAYS', 8, 36_500],
    ['SHUTDOWN_DRAIN_MS', 0, 60_000],
  ])('takes %s from %d to %d and nothing beside them', (name, low, high) => {
    const faults = (value: number | string) => faultsOf({ ...COMPLETE, [name]: String(value) });
    for (const value of [low, high]) expect(faults(value)).toEqual([]);
    for (const value of [low - 1, high + 1, low + 0.5, 'many', '0x10 and more']) {
      expect(faults(value).join()).toContain(name);
    }
  });

  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('reads the switch %s', (text, value) => {
    expect(readSettings({ ...COMPLETE, READY_CHECKS_DEPENDENCIES: text }).readyChecksDependencies).toBe(
      value,
    );
  });
});

describe('VARIABLES', () => {
  it('has a name for every field, in the way of environments', () => {
    expect(variableName('ingestMaxBatchEvents')).toBe('INGEST_MAX_BATCH_EVENTS');
    expect(VARIABLES.length).toBeGreaterThan(40);
    expect(VARIABLES.every((name) => /^[A-Z][A-Z0-9_]+$/.test(name))).toBe(true);
    for (const field of Object.keys(readSettings(COMPLETE))) expect(VARIABLES).toContain(variableName(field));
  });
});
