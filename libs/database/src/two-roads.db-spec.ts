import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testServers, testUrl } from '@lib/testing';
import {
  pgDumpMissing,
  query,
  ROOT,
  run,
  scratchDatabase,
  type ScratchDatabase,
} from '../../../scripts/migration-trial.js';
import { deltaNames, migrate, migrationsDirectory } from './migrate.js';

const { major: MAJOR } = testServers();
/** Of the server that `npm run db:dump` starts. Other versions name and order things otherwise. */
const DUMPED_FROM = 15;

const suite = pgDumpMissing('the two roads to the schema', MAJOR) ? describe.skip : describe;

async function dump({ url }: ScratchDatabase): Promise<string> {
  const { said, status } = await run('bash', [join(ROOT, 'scripts', 'db-dump.sh'), url]);
  if (status !== 0) throw new Error(said);
  return said;
}

suite('the two roads to the schema', () => {
  let master: ScratchDatabase;
  let grown: ScratchDatabase;

  beforeAll(async () => {
    const { host, port, superuser } = testServers();
    const urlOf = (name: string) => testUrl(host, port, superuser.user, superuser.password, name);
    [master, grown] = [await scratchDatabase(urlOf), await scratchDatabase(urlOf)];
    // Of the engine that the master alone makes, whatever the server could do.
    await migrate(master.url, { engine: 'partitions' });
    await query(grown.url, readFileSync(join(ROOT, 'db', 'baseline.sql'), 'utf8'));
    await migrate(grown.url);
  });
  afterAll(async () => {
    await master.drop();
    await grown.drop();
  });

  it('lead to the same schema: the first release with every delta is the master', async () => {
    expect(await dump(grown)).toBe(await dump(master));
  });

  it('record the same deltas: the list in the master names every file', async () => {
    const files = await deltaNames(migrationsDirectory());
    expect(await master.applied()).toEqual(files);
    expect(await grown.applied()).toEqual(files);
  });

  (MAJOR === DUMPED_FROM ? it : it.skip)(
    'end where the committed dump says; npm run db:dump renews it',
    async () => {
      const committed = readFileSync(join(ROOT, 'db', 'schema.dump.sql'), 'utf8');
      const [, text = ''] = /^-- [^\n]*\n\n([^]*)$/.exec(committed) ?? [];
      // What the superuser owns who ran the master, whatever its name.
      const owner = `OWNER TO ${testServers().superuser.user};`;
      expect((await dump(master)).replaceAll(owner, 'OWNER TO podcast_superuser;')).toBe(text);
    },
  );

  it.each([
    ['a column', 'ALTER TABLE podcasts ADD COLUMN extra text'],
    ['a lost wall', 'DROP POLICY tenant_wall ON podcasts'],
    ['a lost force', 'ALTER TABLE podcasts NO FORCE ROW LEVEL SECURITY'],
    ['a privilege', 'GRANT TRUNCATE ON podcasts TO podcast_app'],
    ['an index', 'DROP INDEX podcasts_feed_url'],
    ['a comment', `COMMENT ON TABLE podcasts IS 'changed'`],
    ['a function', `ALTER FUNCTION evidence_level(text, boolean, bigint) STABLE`],
  ])('are compared closely enough to see %s', async (_, change) => {
    const before = await dump(grown);
    await query(grown.url, change);
    expect(await dump(grown)).not.toBe(before);
  });

  it('are compared without what the calendar adds', async () => {
    const before = await dump(master);
    const [made] = await query<{ count: number }>(
      master.url,
      `SELECT ensure_partitions('2031-01-01', '2031-03-01') AS count`,
    );
    expect(made?.count).toBeGreaterThan(10);
    expect(await dump(master)).toBe(before);
  });
});
