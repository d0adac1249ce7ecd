import { describe, expect, test } from '@jest/globals';
import { readSettings } from '@lib/config';
import { childEnvironment } from './child-environment.js';

const given = {
  PATH: '/usr/bin',
  REDIS_URL: 'redis://cache:6379',
  DATABASE_URL: 'postgresql://podcast_app@db/podcast',
  ADMIN_DATABASE_URL: 'postgresql://podcast_admin@db/podcast',
  MAINTENANCE_DATABASE_URL: 'postgresql://podcast_maintenance@db/podcast',
  QUEUE_DATABASE_URL: 'postgresql://podcast_queue@db/podcast',
  MIGRATION_DATABASE_URL: 'postgresql://postgres@db/podcast',
  POSTGRES_PASSWORD: 'the owner’s',
  API_KEY_PEPPER: 'p'.repeat(40),
  PRIVACY_MASTER_KEY: Buffer.alloc(32).toString('base64'),
};
const databasesOf = (child: 'api' | 'worker') =>
  Object.keys(childEnvironment(child, given, readSettings(given))).filter((name) =>
    /DATABASE|POSTGRES/.test(name),
  );

describe('the environment of a child', () => {
  test('holds the logins of its own roles and no other', () => {
    expect(databasesOf('api').sort()).toEqual(['ADMIN_DATABASE_URL', 'DATABASE_URL']);
    expect(databasesOf('worker').sort()).toEqual([
      'DATABASE_URL',
      'MAINTENANCE_DATABASE_URL',
      'QUEUE_DATABASE_URL',
    ]);
  });

  test('holds the login of the owner for the worker alone, where the engine needs it', () => {
    const settings = readSettings({ ...given, TIME_SERIES_ENGINE: 'timescale' });
    expect(childEnvironment('worker', given, settings)['MIGRATION_DATABASE_URL']).toBe(
      given.MIGRATION_DATABASE_URL,
    );
    expect(childEnvironment('api', given, settings)).not.toHaveProperty('MIGRATION_DATABASE_URL');
  });

  test('tells the API, which alone has one, where its spool is', () => {
    const settings = readSettings({ ...given, SPOOL_DIR: '/data/spool' });
    expect(childEnvironment('api', given, settings)['SPOOL_DIR']).toBe('/data/spool');
    expect(childEnvironment('worker', given, settings)).not.toHaveProperty('SPOOL_DIR');
  });

  test('hands on everything else', () => {
    expect(childEnvironment('api', given, readSettings(given))).toMatchObject({
      PATH: '/usr/bin',
      REDIS_URL: 'redis://cache:6379',
      PORT: '8000',
      WORKER_PORT: '8001',
    });
  });
});
