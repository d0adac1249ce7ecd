import { randomUUID } from 'node:crypto';

/** An event of the sample traffic, without the two fields that make it new: `id` and `occurredAt`. */
export interface SampleEvent {
  type: 'download_request' | 'play' | 'progress' | 'complete';
  episodeId: string;
  sessionId?: string;
  positionMs?: number;
  client: { ip: string; userAgent: string; referrer?: string };
  request?: { method: string; status: number; bytes: number; range?: string };
}

/** What the traffic consists of. `mixed` is half requests for a file, half events told by players. */
export const SAMPLE_MIXES = {
  mixed: ['download_request', 'download_request', 'play', 'progress'],
  play: ['play'],
  download_request: ['download_request'],
} as const;
export type SampleMix = keyof typeof SAMPLE_MIXES;

const LISTENERS = 50_000;
const LISTENING_EVENTS = 4;
/** Events happened within this time before they are sent. */
const SPREAD_MS = 10 * 60_000;

/**
 * The nth event of the traffic that a host sends with a trusted key. Deterministic. Four events in a row belong to one
 * of 50,000 listeners and one episode, as a listening brings several; 300 user agents.
 */
export function sampleEvent(n: number, episodeIds: readonly string[], mix: SampleMix): SampleEvent {
  const types = SAMPLE_MIXES[mix];
  const type = types[n % types.length] ?? 'play';
  const listening = Math.floor(n / LISTENING_EVENTS);
  const listener = (listening * 7_919) % LISTENERS;
  const episodeId = episodeIds[(listening * 31) % episodeIds.length] ?? '';
  const client = {
    ip: `100.${64 + (listener % 60)}.${Math.floor(listener / 250) % 250}.${1 + (listener % 250)}`,
    userAgent: `AppleCoreMedia/1.0.0.${10 + (listener % 15)}F${100 + (listener % 20)} (iPhone; U; CPU OS 17_5 like Mac OS X; en_us)`,
  };
  if (type !== 'download_request')
    return { type, episodeId, client, sessionId: `s${100_000 + listening}`, positionMs: (n % 3_000) * 1_000 };
  const bytes = 20_000_000 + ((n * 104_729) % 30_000_000);
  return {
    type,
    episodeId,
    client,
    request: { method: 'GET', status: 206, bytes, range: `bytes=0-${bytes - 1}` },
  };
}

/** A new event id and time: nobody has stored this identity yet. */
export function freshIdentity(now: number): { id: string; occurredAt: string } {
  return {
    id: randomUUID(),
    occurredAt: new Date(now - Math.floor(Math.random() * SPREAD_MS)).toISOString(),
  };
}
