import type { AudiencePart, SketchSeries } from '../../domain/audience/audience-parts.js';
import { splitAtUtcDays } from '../../domain/audience/audience-parts.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import type { CountedRange } from '../../domain/read-range.js';

/** In place of a podcast or an episode: any. */
export const ANY_SHOW = '00000000-0000-0000-0000-000000000000';
/** The same in SQL. */
export const NO_SHOW = `'${ANY_SHOW}'::uuid`;

/** A podcast or one of its episodes; without either the whole network. */
export interface Show {
  readonly podcastId: string | null;
  readonly episodeId: string | null;
}

/** The listeners of some shows in one part of a range, at one level of evidence. */
export interface AudienceSet {
  readonly evidence: RequestEvidence;
  readonly part: AudiencePart;
  /** Different podcasts, or different episodes, or the network; none is nobody. */
  readonly shows: readonly Show[];
}

/** Only downloads by these apps, devices or countries; null is all. */
export interface AudienceFilter {
  readonly apps: readonly string[] | null;
  readonly devices: readonly string[] | null;
  readonly countries: readonly string[] | null;
}

export const NO_FILTER: AudienceFilter = { apps: null, devices: null, countries: null };

/** True when sketches cannot answer, since they do not tell apps, devices and countries apart. */
export function needsRows({ apps, devices, countries }: AudienceFilter): boolean {
  return apps !== null || devices !== null || countries !== null;
}

/** A stretch that is read for one set: whole UTC days from sketches, or downloads row by row. */
interface SetStretch extends CountedRange {
  readonly set: number;
  readonly evidence: RequestEvidence;
  readonly series: SketchSeries;
  readonly byRow: boolean;
}

function stretchesOf(sets: readonly AudienceSet[], filter: AudienceFilter): SetStretch[] {
  return sets.flatMap(({ evidence, part: { series, ranges } }, set) =>
    ranges.flatMap((range) => {
      const { days, edges } = needsRows(filter) ? { days: [], edges: [range] } : splitAtUtcDays(range);
      return [
        ...days.map((days) => ({ set, evidence, series, byRow: false, ...days })),
        ...edges.map((edge) => ({ set, evidence, series, byRow: true, ...edge })),
      ];
    }),
  );
}

/** The different stretches of time whose downloads are read row by row. */
export function rowRanges(sets: readonly AudienceSet[], filter: AudienceFilter): CountedRange[] {
  return different(stretchesOf(sets, filter).filter(({ byRow }) => byRow));
}

/** The different stretches of time that are read from sketches: whole UTC days. */
export function sketchRanges(sets: readonly AudienceSet[], filter: AudienceFilter): CountedRange[] {
  return different(stretchesOf(sets, filter).filter(({ byRow }) => !byRow));
}

function different(stretches: readonly CountedRange[]): CountedRange[] {
  return [...new Map(stretches.map(({ from, to }) => [`${from} ${to}`, { from, to }])).values()];
}

/** The parameters $1 to $13 of what reads sets. Sets are numbered from 0. */
export function setParams(tenantId: string, sets: readonly AudienceSet[], filter: AudienceFilter): unknown[] {
  const stretches = stretchesOf(sets, filter);
  const shows = sets.flatMap((set, number) => set.shows.map((show) => ({ number, ...show })));
  return [
    tenantId,
    stretches.map(({ set }) => set),
    stretches.map(({ evidence }) => evidence),
    stretches.map(({ series }) => series),
    stretches.map(({ byRow }) => byRow),
    stretches.map(({ from }) => new Date(from).toISOString()),
    stretches.map(({ to }) => new Date(to).toISOString()),
    shows.map(({ number }) => number),
    shows.map(({ podcastId }) => podcastId ?? ANY_SHOW),
    shows.map(({ episodeId }) => episodeId ?? ANY_SHOW),
    filter.apps,
    filter.devices,
    filter.countries,
  ];
}

/** SQL relations `stretches` and `shows`, from the parameters of `setParams`. */
const ASKED = `
  stretches AS MATERIALIZED (
    SELECT *, (low AT TIME ZONE 'UTC')::date AS first_day, (high AT TIME ZONE 'UTC')::date AS end_day
    FROM unnest($2::integer[], $3::text[], $4::text[], $5::boolean[], $6::timestamptz[], $7::timestamptz[])
      AS s (set, evidence, series, by_row, low, high)
  ), shows AS MATERIALIZED (
    SELECT * FROM unnest($8::integer[], $9::uuid[], $10::uuid[]) AS s (set, podcast_id, episode_id)
  )`;

/**
 * SQL relations `sketches`, those of each set with the columns asked for, and `thresholds`: of each set that has sketches
 * the lowest of their thresholds. The lateral sub-select keeps it one index range for each show and stretch.
 */
const sketches = (columns: string) => `
  sketches AS MATERIALIZED (
    SELECT s.set, k.*
    FROM stretches s JOIN shows w ON w.set = s.set
    CROSS JOIN LATERAL (
      SELECT threshold, ${columns} FROM audience_sketches
      WHERE tenant_id = $1 AND podcast_id = w.podcast_id AND episode_id = w.episode_id AND series = s.series
        AND evidence = s.evidence AND day >= s.first_day AND day < s.end_day
      OFFSET 0
    ) k
    WHERE NOT s.by_row
  ), thresholds AS MATERIALIZED (
    SELECT set, min(threshold) AS threshold FROM sketches GROUP BY set
  )`;

/** The share of all ids that lie below one, as a number: SQL. */
const shareBelow = (id: string) => `((${id}::float8 + 9223372036854775808) / 18446744073709551616)`;

/** SQL relations that say which sketches make up some sets, without reading their ids. */
export const ASKED_SKETCHES = `${ASKED}, ${sketches('listeners')}`;

/** SQL for about how many ids of a sketch `k` lie below the threshold of its set `t`, of which `size` are kept at most. */
export const idsToRead = (size: string) =>
  `least(k.listeners, ${size}) * CASE WHEN t.threshold IS NULL THEN 1
     ELSE ${shareBelow('t.threshold')} / coalesce(${shareBelow('k.threshold')}, 1) END`;

/**
 * SQL that merges sets: relations `sketches` and `thresholds`, `row_members`, the downloads of stretches that are read row
 * by row, and `members`, the different ids of each set as far as they lie below its threshold. Above it some are missing;
 * a set without a threshold is whole. Arrays are ascending, so only what lies below is taken out of them.
 *
 * Each stretch of downloads is read once, whatever sets it is for, and put into arrays: joined row by row to the sets, on
 * tables without statistics, a million rows were compared with each of them.
 */
export const MERGED_SETS = `${ASKED}, ${sketches('listeners, unidentified, hashes')},
  read_rows AS MATERIALIZED (
    SELECT w.low, w.high, d.*
    FROM (SELECT DISTINCT low, high FROM stretches WHERE by_row) w
    CROSS JOIN LATERAL (
      SELECT array_agg(d.podcast_id) AS podcast_ids, array_agg(d.episode_id) AS episode_ids,
             array_agg(d.evidence) AS levels, array_agg(d.audience_a) AS ids_a, array_agg(d.audience_b) AS ids_b
      FROM downloads d
      JOIN counted_days c ON c.tenant_id = $1 AND c.day = d.settled_day AND c.rule_set_id = d.rule_set_id
      WHERE d.tenant_id = $1 AND d.occurred_at >= w.low AND d.occurred_at < w.high
        AND ($11::text[] IS NULL OR d.app = ANY ($11)) AND ($12::text[] IS NULL OR d.device = ANY ($12))
        AND ($13::text[] IS NULL OR d.country = ANY ($13))
    ) d
  ), shows_of_sets AS MATERIALIZED (
    SELECT set, array_agg(podcast_id) AS podcast_ids, array_agg(episode_id) AS episode_ids FROM shows GROUP BY set
  ), row_members AS MATERIALIZED (
    SELECT s.set, t.threshold, d.id AS hash
    FROM stretches s
    JOIN read_rows r ON r.low = s.low AND r.high = s.high
    JOIN shows_of_sets w ON w.set = s.set
    LEFT JOIN thresholds t ON t.set = s.set
    CROSS JOIN LATERAL unnest(r.podcast_ids, r.episode_ids, r.levels,
                              CASE s.series WHEN 'a' THEN r.ids_a ELSE r.ids_b END) AS d (podcast_id, episode_id, level, id)
    WHERE s.by_row AND d.level = s.evidence
      AND (${NO_SHOW} = ANY (w.podcast_ids) OR d.podcast_id = ANY (w.podcast_ids))
      AND (${NO_SHOW} = ANY (w.episode_ids) OR d.episode_id = ANY (w.episode_ids))
  ), members AS MATERIALIZED (
    SELECT k.set, h.hash
    FROM sketches k JOIN thresholds t ON t.set = k.set
    CROSS JOIN LATERAL unnest(CASE WHEN t.threshold IS NULL THEN k.hashes
                                   ELSE k.hashes[:width_bucket(t.threshold - 1, k.hashes)] END) AS h (hash)
    UNION
    SELECT set, hash FROM row_members WHERE hash IS NOT NULL AND (threshold IS NULL OR hash < threshold)
  )`;
