import { catalogueFaults, pendingDeltas } from '@lib/database';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding } from './finding.js';
import { judgePartitions } from './judge-partitions.js';

/** True when the database has a schema at all. */
export async function isMigrated({ login }: DoctorSubject): Promise<boolean> {
  const [row] = await login.sql<{ present: boolean }>(
    "SELECT to_regclass('public.schema_migrations') IS NOT NULL AS present",
  );
  return row?.present === true;
}

/** The engine that the schema was made for against the one that the environment asks for. */
export async function checkEngine({ app, login, settings }: DoctorSubject): Promise<Finding> {
  const [row] = await app.query<{ engine: string }>('SELECT engine FROM public.schema_info');
  const recorded = row?.engine ?? 'none';
  const wanted = settings.timeSeriesEngine;
  return wanted === undefined || wanted === recorded
    ? {
        check: 'engine',
        verdict: 'ok',
        detail: recorded === 'timescale' ? await ofTimescale(login) : recorded,
      }
    : {
        check: 'engine',
        verdict: 'fail',
        detail: `TIME_SERIES_ENGINE is ${wanted}, but the database was migrated for ${recorded}; the engine is chosen once`,
      };
}

/** The engine with the extension behind it, and what its licence leaves out. */
async function ofTimescale({ sql }: DoctorSubject['login']): Promise<string> {
  const [row] = await sql<{ version: string; aggregates: boolean }>(
    `SELECT (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS version,
            to_regclass('public.episode_events_hourly') IS NOT NULL AS aggregates`,
  );
  const has =
    row?.aggregates === true ? 'continuous aggregates and columnstore' : 'Apache edition: hypertables alone';
  return `timescale: TimescaleDB ${row?.version ?? 'is gone'}, ${has}`;
}

/** Whether the database has every change that this program knows. */
export async function checkSchemaVersion({ app }: DoctorSubject): Promise<Finding> {
  const pending = await app.transaction((sql) =>
    pendingDeltas({ query: async (text: string) => ({ rows: await sql(text) }) } as never),
  );
  return pending.length === 0
    ? { check: 'schema version', verdict: 'ok', detail: 'current' }
    : {
        check: 'schema version',
        verdict: 'fail',
        detail: `run podcast migrate; missing:\n${pending.join('\n')}`,
      };
}

/** The walls between tenants, as the catalogue has them. */
export async function checkRowSecurity({ login }: DoctorSubject): Promise<Finding> {
  const faults = await catalogueFaults(login.sql);
  if (faults.length > 0) return { check: 'row-level security', verdict: 'fail', detail: faults.join('\n') };
  const [row] = await login.sql<{ tables: number }>(
    "SELECT count(*)::int AS tables FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity",
  );
  return {
    check: 'row-level security',
    verdict: 'ok',
    detail: `forced on ${row?.tables ?? 0} tables and partitions; every policy has its generated text`,
  };
}

/** Whether every event that may arrive has a partition. Other engines make theirs on demand. */
export async function checkPartitions({ app, settings }: DoctorSubject): Promise<Finding> {
  const [info] = await app.query<{ engine: string }>('SELECT engine FROM public.schema_info');
  if (info?.engine === 'timescale')
    return { check: 'partitions', verdict: 'ok', detail: 'chunks are made on demand' };
  const [horizon] = await app.query<{ from: Date; to: Date }>(
    'SELECT covered_from AS "from", covered_to AS "to" FROM partition_horizon()',
  );
  return judgePartitions(horizon, settings.ingestAcceptanceDays, new Date());
}

const WORK_KINDS = ['slice', 'listening', 'agents', 'dimension', 'metrics_daily', 'aggregate'];
const PATIENCE_SECONDS = 60;

/** How long changed buckets have waited to be recomputed. */
export async function checkBacklog({ app }: DoctorSubject): Promise<Finding> {
  const [row] = await app.query<{ seconds: number | null }>(
    `SELECT extract(epoch FROM now() - min(w.due_at))::int AS seconds
     FROM unnest($1::text[]) AS kind, due_work(kind, 1) AS w`,
    [WORK_KINDS],
  );
  const seconds = row?.seconds ?? null;
  if (seconds === null) return { check: 'refresh backlog', verdict: 'ok', detail: 'no bucket is waiting' };
  return seconds <= PATIENCE_SECONDS
    ? { check: 'refresh backlog', verdict: 'ok', detail: `the oldest changed bucket has waited ${seconds} s` }
    : {
        check: 'refresh backlog',
        verdict: 'warn',
        detail: `the oldest changed bucket has waited ${seconds} s: is a worker running?`,
      };
}
