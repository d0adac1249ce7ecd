import { catalogueFaults } from '@lib/database';
import type { LoginSession } from '../connect-as-login.js';
import { extensionReport } from '../required-extensions.js';

/** One line of what was looked at after a migration. */
export interface Verified {
  what: string;
  good: boolean;
  detail: string;
}

/** Checks that the schema is whole and its walls stand. Any login may ask. */
export async function verifySchema({ sql }: LoginSession): Promise<Verified[]> {
  const extensions = await extensionReport(sql);
  const faults = await catalogueFaults(sql);
  const [counts] = await sql<{ tables: number; policies: number }>(
    `SELECT (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relrowsecurity
               AND NOT relispartition) AS tables,
            (SELECT count(*)::int FROM pg_policy) AS policies`,
  );
  const [info] = await sql<{ engine: string }>('SELECT engine FROM public.schema_info');
  return [
    { what: 'time-series engine', good: info !== undefined, detail: info?.engine ?? 'not recorded' },
    {
      what: 'extensions',
      good: extensions.missing.length === 0,
      detail:
        extensions.missing.length === 0
          ? extensions.present.join(', ')
          : `missing: ${extensions.missing.join(', ')}`,
    },
    {
      what: 'tenant walls',
      good: faults.length === 0,
      detail:
        faults.length === 0
          ? `row-level security forced on ${counts?.tables ?? 0} tables, ${counts?.policies ?? 0} policies`
          : faults.join('\n'),
    },
  ];
}
