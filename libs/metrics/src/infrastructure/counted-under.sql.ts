import type { Sql } from '@lib/database';
import { utcDate, type TenantId } from '@lib/primitives';
import type { CountedRange } from '../domain/read-range.js';

/** A rule set that days were counted under, and the window of its downloads. */
export interface CountedUnder {
  id: string;
  version: string;
  window: string;
}

/** The rule sets under which the UTC days of a range are shown, in the order of their first day. */
export function countedUnder(sql: Sql, tenantId: TenantId, range: CountedRange): Promise<CountedUnder[]> {
  return sql<CountedUnder>(
    `SELECT r.id, r.version, r.rules ->> 'window' AS window
     FROM counted_days c JOIN rule_sets r ON r.tenant_id = $1 AND r.id = c.rule_set_id
     WHERE c.tenant_id = $1 AND c.day BETWEEN $2 AND $3
     GROUP BY 1, 2, 3 ORDER BY min(c.day)`,
    [tenantId, utcDate(new Date(range.from)), utcDate(new Date(range.to - 1))],
  );
}
