import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { addPositions } from './add-positions.js';
import type { ListeningChange } from './rebuild-listening.sql.js';

/**
 * Adds to the UTC month of a day what changed in that day. In one statement for the whole day: two days of a month that are
 * refreshed at once would otherwise take the rows of the month in parts, and wait for each other for ever.
 */
export async function addListeningToMonth(
  sql: Sql,
  tenantId: TenantId,
  day: Date,
  changes: readonly Pick<ListeningChange, 'episodeId' | 'kind' | 'placementId' | 'bins' | 'amounts'>[],
): Promise<void> {
  if (changes.length === 0) return;
  await sql(
    `WITH changes AS (
       SELECT 'month' AS grain, date_trunc('month', $2::timestamptz, 'UTC') AS bucket, c."episodeId" AS episode_id, c.kind,
              c."placementId" AS placement_id, u.bin, sum(u.amount) AS added
       FROM jsonb_to_recordset($3::jsonb)
              AS c ("episodeId" uuid, kind text, "placementId" uuid, bins smallint[], amounts bigint[])
       CROSS JOIN LATERAL unnest(c.bins, c.amounts) AS u (bin, amount)
       GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(u.amount) <> 0
     )${addPositions('changes')}`,
    [
      tenantId,
      day,
      JSON.stringify(
        changes.map(({ episodeId, kind, placementId, bins, amounts }) => ({
          episodeId,
          kind,
          placementId,
          bins,
          amounts,
        })),
      ),
    ],
  );
}
