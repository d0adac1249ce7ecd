/** One defect on purpose: text of compiled files that is replaced, and SQL that is run on the empty database. */
export interface Mutant {
  readonly description: string;
  readonly patches: readonly { file: string; find: string; replace: string }[];
  readonly sql?: string;
}

const ROLE_POOL = 'libs/database/src/role-pool.js';
const INSERT_EVENTS = 'libs/ingestion/src/infrastructure/insert-events.sql.js';
const COMMIT_EVENTS = 'libs/ingestion/src/application/commit-events.js';

const COMMIT = `const { command } = await client.query('COMMIT');`;

/**
 * Defects that a drill must find. Each is a plausible mistake in the path of an event; the drill applies it to a copy of
 * the compiled program, so the product needs no switch for being broken.
 */
export const MUTANTS = {
  M1: {
    description: 'the answer leaves before COMMIT',
    patches: [
      { file: ROLE_POOL, find: 'let broken;', replace: 'let broken, answered = false;' },
      {
        file: ROLE_POOL,
        find: COMMIT,
        replace: `if (prologue !== '') {
                answered = true;
                void new Promise((resolve) => setTimeout(resolve, 50))
                    .then(() => client.query('COMMIT'))
                    .then(() => client.release(), (error) => client.release(error));
                return result;
            }
            ${COMMIT}`,
      },
      {
        file: ROLE_POOL,
        find: 'client.release(broken);',
        replace: 'if (!answered) client.release(broken);',
      },
    ],
  },
  M2: {
    description: 'no deduplication: neither the key nor the conflict clause',
    patches: [
      {
        file: INSERT_EVENTS,
        find: '    ON CONFLICT DO NOTHING\n    RETURNING event_id, occurred_at',
        replace: '    RETURNING event_id, occurred_at',
      },
    ],
    sql: 'ALTER TABLE listener_events DROP CONSTRAINT listener_events_pkey',
  },
  M3: {
    description: 'marks are written in a second transaction',
    patches: [
      {
        file: INSERT_EVENTS,
        find: `'epoch') FROM new_events`,
        replace: `'epoch') FROM new_events WHERE false`,
      },
      {
        file: COMMIT_EVENTS,
        find: 'const { outcomes, written } = await',
        replace: 'let marked = new Set();\n        const { outcomes, written } = await',
      },
      {
        file: COMMIT_EVENTS,
        find: 'const fresh = await this.insert(',
        replace: 'const fresh = marked = await this.insert(',
      },
      {
        file: COMMIT_EVENTS,
        find: 'for (const name of written)',
        replace: `if (marked.size > 0) await this.pool.transaction((sql) => sql(
            \`INSERT INTO dirty_buckets (tenant_id, kind, bucket)
             SELECT DISTINCT $1::uuid, 'slice', date_bin('5 minutes', at, 'epoch') FROM unnest($2::timestamptz[]) AS at\`,
            [tenantId, [...marked].map((event) => event.occurredAt)],
        ), tenantContext(tenantId));
        for (const name of written)`,
      },
    ],
  },
  M7: {
    description: 'an error of COMMIT is swallowed',
    patches: [
      {
        file: ROLE_POOL,
        find: COMMIT,
        replace: `const { command } = await client.query('COMMIT').catch(() => ({ command: 'COMMIT' }));`,
      },
    ],
  },
} as const satisfies Record<string, Mutant>;

export type MutantName = keyof typeof MUTANTS;
