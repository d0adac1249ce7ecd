import { DAY_MS, HOUR_MS, MINUTE_MS } from '@lib/primitives';
import type { EventInput } from '@lib/ingestion';
import { DEMO_DAYS, type DemoShow } from './demo-feeds.js';
import { SeededRandom } from './seeded-random.js';

/** An episode as the demo needs it. */
export interface DemoEpisode {
  id: string;
  show: DemoShow;
  publishedAt: Date;
}

const AGENTS = [
  'Podcasts/4100.12 CFNetwork/3826.500.111 Darwin/25.0.0',
  'Spotify/9.0.34 iOS/18.6 (iPhone15,2)',
  'PocketCasts/1.0 (Pocket Casts Feed Parser; +http://pocketcasts.com/)',
  'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)',
  'AntennaPod/3.8.0',
  'Castro 2025.4/1340 Like iTunes',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
] as const;

/** Share of the day's listening that begins in each UTC hour. */
const HOURS = [2, 1, 1, 1, 3, 7, 11, 12, 9, 7, 6, 6, 7, 6, 5, 6, 8, 10, 9, 7, 6, 5, 4, 3];
const SUM_OF_HOURS = HOURS.reduce((sum, share) => sum + share, 0);
/** Players that tell often do so every four minutes: between events further apart than five nothing counts as heard. */
const TOLD_EVERY_MS = 4 * MINUTE_MS;
/** Listeners of an episode keep this share from one day to the next; then a thin tail remains. */
const DAILY_KEEP = 0.52;
const TAIL = 0.012;

/**
 * Sixty days of listening up to `until`, a UTC midnight; never an event after it. The same for the same episodes and
 * seed. About half of those who fetch an episode use a player that tells what they hear, and a quarter of those one that
 * tells it often enough for a curve of where people leave.
 */
export function demoEvents(episodes: readonly DemoEpisode[], until: Date, seed: string): EventInput[] {
  const random = new SeededRandom(seed);
  const events: EventInput[] = [];
  const from = until.getTime() - DEMO_DAYS * DAY_MS;
  for (const episode of episodes) {
    for (let day = from; day < until.getTime(); day += DAY_MS) {
      const age = Math.floor((day + DAY_MS - episode.publishedAt.getTime()) / DAY_MS);
      if (age < 0) continue;
      const expected = episode.show.audience * (DAILY_KEEP ** age + TAIL) * (0.85 + 0.3 * random.next());
      const listeners = Math.floor(expected) + (random.next() < expected % 1 ? 1 : 0);
      for (let n = 0; n < listeners; n += 1) {
        const at = day + hourOfDay(random) * HOUR_MS + random.below(HOUR_MS);
        if (at >= episode.publishedAt.getTime())
          events.push(...oneListening(episode, at, until.getTime(), random));
      }
    }
  }
  // In the order of time, as they would have arrived: neighbours share pages, slices and keys.
  return events.sort((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1));
}

function oneListening(episode: DemoEpisode, at: number, until: number, random: SeededRandom): EventInput[] {
  const listener = random.below(episode.show.audience * 6);
  const client = {
    ip: `10.${20 + (listener % 60)}.${Math.floor(listener / 250) % 250}.${1 + (listener % 250)}`,
    userAgent: AGENTS[listener % AGENTS.length] ?? AGENTS[0],
  };
  const event = (type: EventInput['type'], afterMs: number, more: Partial<EventInput> = {}): EventInput => ({
    id: random.uuid(),
    type,
    occurredAt: new Date(Math.min(at + afterMs, until - 1)).toISOString(),
    episodeId: episode.id,
    client,
    ...more,
  });
  const bytes = episode.show.minutes * 60 * 16_000;
  const events = [event('download_request', 0, { request: { method: 'GET', status: 200, bytes } })];
  if (random.next() > 0.5) return events;
  const sessionId = random.uuid().slice(0, 8);
  const lengthMs = episode.show.minutes * 60_000;
  const heard = random.next() < 0.62 ? 1 : random.next();
  const told = (type: EventInput['type'], share: number) =>
    event(type, 30_000 + share * lengthMs, { sessionId, positionMs: Math.floor(share * lengthMs) });
  events.push(told('play', 0));
  if (heard > 0.25) events.push(told('ad_play', 0.25));
  if (listener % 4 === 0)
    for (let at = TOLD_EVERY_MS; at < heard * lengthMs; at += TOLD_EVERY_MS)
      events.push(told('progress', at / lengthMs));
  else if (heard > 0.5) events.push(told('progress', 0.5));
  events.push(heard === 1 ? told('complete', 1) : told('pause', heard));
  return events;
}

function hourOfDay(random: SeededRandom): number {
  let point = random.next() * SUM_OF_HOURS;
  for (const [hour, share] of HOURS.entries()) {
    point -= share;
    if (point < 0) return hour;
  }
  return 23;
}
