import { METRICS, metricLevels, type MetricLevel } from '../../domain/event-metrics.js';
import type { PodcastTotal } from '../../infrastructure/live/podcast-totals.sql.js';

/** The numbers of one podcast; levels without events are left out. */
export interface LivePodcast {
  podcastId: string;
  totals: (MetricLevel & { value: number })[];
}

/** Totals by podcast, each with its levels in the order of METRICS. */
export function liveLevels(totals: readonly PodcastTotal[]): LivePodcast[] {
  const byPodcast = new Map<string, PodcastTotal[]>();
  for (const total of totals)
    byPodcast.set(total.podcastId, [...(byPodcast.get(total.podcastId) ?? []), total]);
  return [...byPodcast].map(([podcastId, some]) => ({
    podcastId,
    totals: metricLevels(METRICS).flatMap((level) => {
      const found = some.find(
        ({ metric, evidence }) => metric === level.metric && evidence === level.evidence,
      );
      return found === undefined ? [] : [{ ...level, value: found.value }];
    }),
  }));
}
