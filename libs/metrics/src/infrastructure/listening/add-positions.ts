/**
 * SQL that adds changes to rows of `listening_positions`, at whatever grain. Rows are added to and never written anew:
 * two days of one month may be refreshed at once, and an addition waits for the other's and goes on from it. In the order
 * of the key, so that neither waits for the other for ever. A row from which all was taken away stays, without bins.
 *
 * Expects the tenant as $1.
 *
 * @param changes a relation `(grain, bucket, episode_id, kind, placement_id, bin, added)`, each bin once, none with 0
 */
export function addPositions(changes: string): string {
  const key = 'grain, bucket, episode_id, kind, placement_id';
  return `
    INSERT INTO listening_positions AS p (tenant_id, ${key}, bins, amounts)
    SELECT $1, ${key}, array_agg(bin::smallint ORDER BY bin), array_agg(added::bigint ORDER BY bin)
    FROM ${changes}
    GROUP BY ${key} ORDER BY ${key}
    ON CONFLICT (tenant_id, ${key}) DO UPDATE
      SET (bins, amounts) = (
        SELECT coalesce(array_agg(bin ORDER BY bin), '{}'), coalesce(array_agg(amount ORDER BY bin), '{}')
        FROM (SELECT bin, sum(amount)::bigint AS amount
              FROM (SELECT * FROM unnest(p.bins, p.amounts) UNION ALL SELECT * FROM unnest(EXCLUDED.bins, EXCLUDED.amounts))
                AS both_rows (bin, amount)
              GROUP BY bin HAVING sum(amount) <> 0) sums)`;
}
