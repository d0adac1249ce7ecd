import type { LiveSnapshot } from '../../application/live/live-totals.js';

/** Every client of a tenant is sent the same text. */
const texts = new WeakMap<LiveSnapshot, Map<string | null, string>>();

/** A snapshot as an event of a stream (HTML Living Standard §9.2), of all podcasts or of one, which is named even at 0. */
export function totalsEvent(snapshot: LiveSnapshot, podcastId: string | null): string {
  const known = texts.get(snapshot) ?? new Map<string | null, string>();
  texts.set(snapshot, known);
  const text = known.get(podcastId) ?? write(snapshot, podcastId);
  known.set(podcastId, text);
  return text;
}

function write({ id, version: _, podcasts, ...frame }: LiveSnapshot, podcastId: string | null): string {
  const shown =
    podcastId === null
      ? podcasts
      : [podcasts.find((podcast) => podcast.podcastId === podcastId) ?? { podcastId, totals: [] }];
  return `id: ${id}\nevent: totals\ndata: ${JSON.stringify({ ...frame, podcasts: shown })}\n\n`;
}
