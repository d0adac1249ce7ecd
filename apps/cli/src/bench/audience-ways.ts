import type { LoginSession } from '../connect-as-login.js';

/** Registers of a HyperLogLog with a standard error of 1.04 / √m = 2 %. */
const REGISTERS = 2_704;

/** Which shows of which tenant. */
export interface AskedShows {
  readonly tenantId: string;
  readonly podcastIds: readonly string[];
}

/** A way to keep an audience: sketches of days that merge into the number of listeners of some shows over all days. */
export interface AudienceWay {
  readonly name: string;
  /** Bytes of a full sketch, as stored. */
  bytes(): Promise<number>;
  listeners(shows: AskedShows): Promise<number>;
  /** Listeners that two shows share. */
  common(first: AskedShows, second: AskedShows): Promise<number>;
}

const OF_SHOWS = 'tenant_id = $1 AND podcast_id = ANY ($2::uuid[])';

async function single({ sql }: LoginSession, text: string, params: readonly unknown[]): Promise<number> {
  const [row] = await sql<{ n: number | string | null }>(text, params);
  return Number(row?.n ?? 0);
}

/** Every download, read. */
export function countedWay(session: LoginSession): AudienceWay {
  return {
    name: 'downloads counted one by one',
    bytes: () => Promise.resolve(Number.NaN),
    listeners: ({ tenantId, podcastIds }) =>
      single(session, `SELECT count(DISTINCT audience_a) AS n FROM downloads WHERE ${OF_SHOWS}`, [
        tenantId,
        podcastIds,
      ]),
    common: ({ tenantId, podcastIds }, second) =>
      single(
        session,
        `SELECT count(*) AS n FROM (SELECT audience_a FROM downloads WHERE ${OF_SHOWS} INTERSECT
                                    SELECT audience_a FROM downloads WHERE tenant_id = $1 AND podcast_id = ANY ($3::uuid[])) c`,
        [tenantId, podcastIds, second.podcastIds],
      ),
  };
}

/** The share of all ids that lie below the lowest threshold; where there is none, all ids are there. */
const SHARE = 'coalesce((low::float8 + 9223372036854775808) / 18446744073709551616, 1)';
const BELOW = 'hashes[:width_bucket(coalesce(low - 1, 9223372036854775807), hashes)]';
const KMV_OF = (place: string) => `
  SELECT threshold, hashes FROM audience_sketches
  WHERE tenant_id = $1 AND podcast_id = ANY (${place}::uuid[]) AND series = 'a' AND evidence = 'origin_bytes'
    AND episode_id = '00000000-0000-0000-0000-000000000000'`;

/** The product's own sketches. */
export function lowestIdsWay(session: LoginSession): AudienceWay {
  return {
    name: 'lowest 2,500 ids',
    bytes: () => single(session, 'SELECT max(pg_column_size(hashes)) AS n FROM audience_sketches', []),
    listeners: ({ tenantId, podcastIds }) =>
      single(
        session,
        `WITH days AS MATERIALIZED (${KMV_OF('$2')}), lowest AS (SELECT min(threshold) AS low FROM days)
         SELECT count(DISTINCT id) / ${SHARE} AS n
         FROM lowest, days CROSS JOIN LATERAL unnest(${BELOW}) id GROUP BY low`,
        [tenantId, podcastIds],
      ),
    common: ({ tenantId, podcastIds }, second) =>
      single(
        session,
        `WITH one AS MATERIALIZED (${KMV_OF('$2')}), two AS MATERIALIZED (${KMV_OF('$3')}),
           lowest AS (SELECT min(threshold) AS low FROM (SELECT threshold FROM one UNION ALL SELECT threshold FROM two) t)
         SELECT count(*) / ${SHARE} AS n FROM lowest CROSS JOIN LATERAL (
           SELECT unnest(${BELOW}) FROM one
           INTERSECT SELECT unnest(${BELOW}) FROM two) c
         GROUP BY low`,
        [tenantId, podcastIds, second.podcastIds],
      ),
  };
}

/** HyperLogLog (Flajolet et al., 2007) in core PostgreSQL, of the same ids: a byte for each register. */
export async function hyperLogLogWay(session: LoginSession): Promise<AudienceWay> {
  await session.sql(`CREATE TABLE bench_hll (tenant_id uuid, podcast_id uuid, day date, registers bytea,
                                             PRIMARY KEY (tenant_id, podcast_id, day))`);
  await session.sql('ALTER TABLE bench_hll ALTER COLUMN registers SET STORAGE EXTERNAL');
  await session.sql(
    `WITH ranked AS (
       SELECT tenant_id, podcast_id, settled_day, ((audience_a >> 32) & 2147483647) % ${REGISTERS} AS register,
              max(32 - floor(ln(greatest(audience_a & 4294967295, 1)::float8) / ln(2::float8)))::integer AS rank
       FROM downloads GROUP BY 1, 2, 3, 4
     ), filled AS (
       SELECT tenant_id, podcast_id, settled_day, register, max(rank) AS rank
       FROM (SELECT * FROM ranked
             UNION ALL
             SELECT d.*, n, 0 FROM (SELECT DISTINCT tenant_id, podcast_id, settled_day FROM ranked) d,
                                   generate_series(0, ${REGISTERS} - 1) AS n) r
       GROUP BY 1, 2, 3, 4
     )
     INSERT INTO bench_hll
     SELECT tenant_id, podcast_id, settled_day,
            decode(string_agg(lpad(to_hex(rank), 2, '0'), '' ORDER BY register), 'hex')
     FROM filled
     GROUP BY 1, 2, 3`,
  );
  await session.sql('VACUUM (ANALYZE) bench_hll');
  return {
    name: `HyperLogLog, ${REGISTERS.toLocaleString('en')} registers`,
    bytes: () => single(session, 'SELECT max(pg_column_size(registers)) AS n FROM bench_hll', []),
    listeners: (shows) => hyperLogLogSize(session, shows),
    // There is no intersection: what two have in common is what remains when both are added and either is taken off.
    common: async (first, second) => {
      const either = { ...first, podcastIds: [...first.podcastIds, ...second.podcastIds] };
      const [one, other] = [await hyperLogLogSize(session, first), await hyperLogLogSize(session, second)];
      return one + other - (await hyperLogLogSize(session, either));
    },
  };
}

async function hyperLogLogSize(session: LoginSession, { tenantId, podcastIds }: AskedShows): Promise<number> {
  const [row] = await session.sql<{ inverse: number; empty: number }>(
    `WITH merged AS (
       SELECT n, max(get_byte(registers, n)) AS rank
       FROM bench_hll, generate_series(0, ${REGISTERS} - 1) AS n WHERE ${OF_SHOWS} GROUP BY n
     )
     SELECT sum(power(2::float8, -rank)) AS inverse, (count(*) FILTER (WHERE rank = 0))::integer AS empty FROM merged`,
    [tenantId, podcastIds],
  );
  const { inverse = REGISTERS, empty = REGISTERS } = row ?? {};
  const estimate = ((0.7213 / (1 + 1.079 / REGISTERS)) * REGISTERS ** 2) / inverse;
  return estimate <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : estimate;
}
