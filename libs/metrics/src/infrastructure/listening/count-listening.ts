import {
  LONGEST_EPISODE_MS,
  MAX_GAP_MS,
  PLAYED_AFTER_SEEK,
  PLAYER_TYPES,
  PLAYING,
  SLACK_MS,
  SPEED_HALVES,
} from '../../domain/listening/heard-stretch.js';
import { BIN_MS } from '../../domain/listening/position-bins.js';

const list = (types: readonly string[]) => `(${types.map((type) => `'${type}'`).join(', ')})`;

/** The placement of rows that are about no placement. */
export const NO_PLACEMENT = "'00000000-0000-0000-0000-000000000000'::uuid";

/** Types of events from which rows about positions follow. */
export const TYPES_WITH_POSITIONS = [...PLAYER_TYPES, 'ad_delivered', 'ad_play'];

/**
 * What an event of a session says together with the one before it: the rule of `heardStretch`, as far as it needs both.
 * Sorted by session first, whose texts differ early: few comparisons go on to the rest of the key.
 */
const TOLD = `
  SELECT t.bucket, told.*,
         CASE WHEN event_type = 'seek' THEN elapsed_ms ELSE position_ms - before_ms END AS moved_ms,
         elapsed_ms * ${SPEED_HALVES} / 2 AS fastest_ms
  FROM touched t
  CROSS JOIN LATERAL (
    SELECT l.episode_id, l.occurred_at, l.event_type, l.position_ms,
           lag(l.event_type) OVER w AS before_type, lag(l.position_ms) OVER w AS before_ms,
           (date_part('epoch', l.occurred_at - lag(l.occurred_at) OVER w) * 1000)::bigint AS elapsed_ms
    FROM listener_events l
    WHERE l.tenant_id = $1 AND l.occurred_at >= t.bucket - interval '${MAX_GAP_MS} milliseconds'
      AND l.occurred_at < t.bucket_end AND l.occurred_at >= $3 AND l.occurred_at < $4
      AND l.session_id IS NOT NULL AND l.event_type IN ${list(PLAYER_TYPES)}
    WINDOW w AS (PARTITION BY l.session_id COLLATE "C", l.episode_id ORDER BY l.occurred_at, l.event_id)
  ) told
  WHERE told.occurred_at >= t.bucket`;

const HEARD = `
  SELECT bucket, episode_id, 'heard' AS kind, ${NO_PLACEMENT} AS placement_id, bin,
         sum(least(to_ms, (bin + 1) * ${BIN_MS}) - greatest(from_ms, bin * ${BIN_MS}))::bigint AS amount
  FROM (
    SELECT bucket, episode_id, before_ms AS from_ms,
           least(before_ms + least(moved_ms, fastest_ms), ${LONGEST_EPISODE_MS}) AS to_ms
    FROM told
    WHERE elapsed_ms <= ${MAX_GAP_MS} AND moved_ms > 0 AND moved_ms <= fastest_ms + ${SLACK_MS}
      AND (before_type IN ${list(PLAYING)} OR before_type = 'seek' AND event_type IN ${list(PLAYED_AFTER_SEEK)})
  ) stretches
  CROSS JOIN LATERAL generate_series(from_ms / ${BIN_MS}, (to_ms - 1) / ${BIN_MS}) AS bin
  WHERE to_ms > from_ms
  GROUP BY 1, 2, 5`;

const STARTS = `
  SELECT bucket, episode_id, 'start', ${NO_PLACEMENT},
         least(coalesce(position_ms, 0), ${LONGEST_EPISODE_MS - 1}) / ${BIN_MS}, count(*)
  FROM told
  WHERE event_type = 'play' AND (elapsed_ms IS NULL OR elapsed_ms > ${MAX_GAP_MS})
  GROUP BY 1, 2, 5`;

const ADS = `
  SELECT t.bucket, ads.episode_id, 'ad', ads.placement_id, ads.bin, ads.amount
  FROM touched t
  CROSS JOIN LATERAL (
    SELECT l.episode_id, l.placement_id, l.position_ms / ${BIN_MS} AS bin, count(*) AS amount
    FROM listener_events l
    WHERE l.tenant_id = $1 AND l.occurred_at >= t.bucket AND l.occurred_at < t.bucket_end
      AND l.occurred_at >= $3 AND l.occurred_at < $4
      AND l.event_type IN ('ad_delivered', 'ad_play') AND l.placement_id IS NOT NULL
      AND l.position_ms < ${LONGEST_EPISODE_MS}
    GROUP BY 1, 2, 3
  ) ads`;

/**
 * SQL that reads raw events as rows `(bucket, episode_id, kind, placement_id, bin, amount)` of `listening_positions`, not
 * yet gathered into arrays: what was heard, where listening started, where ads began. Events of no session are heard
 * nowhere; events whose episode no longer exists count nowhere.
 *
 * A stretch belongs to the slice of its later event, so that each slice follows from its own events and those of the 5
 * minutes before, and from nothing else.
 *
 * Expects the tenant as $1, a relation `touched (bucket, bucket_end)`, and bounds as $3 and $4 that hold all of it and the
 * 5 minutes before, by which the planner leaves out every other partition.
 */
export const COUNT_LISTENING = `
  WITH told AS MATERIALIZED (${TOLD})
  SELECT counted.*
  FROM (${HEARD} UNION ALL ${STARTS} UNION ALL ${ADS}) counted
  CROSS JOIN LATERAL (SELECT FROM episodes WHERE tenant_id = $1 AND id = counted.episode_id OFFSET 0) e`;
