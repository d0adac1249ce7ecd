import { randomUUID } from 'node:crypto';
import type { DownloadRequest } from '@lib/ingestion';

const LISTENING_REQUESTS = 4;

/** What the requests of one listening ask for: a probe, two pieces that are enough together, and one of them again. */
const PIECES = [
  { from: 0, to: 2 },
  { from: 0, to: 900_000 },
  { from: 800_000, to: 1_700_000 },
  { from: 0, to: 900_000 },
] as const;

/** Requests of one UTC day, four to a listening, each listening of another listener. */
export function sampleRequests(count: number, dayMs: number): DownloadRequest[] {
  return Array.from({ length: count }, (_, n): DownloadRequest => {
    const listening = Math.floor(n / LISTENING_REQUESTS);
    const piece = PIECES[n % LISTENING_REQUESTS] ?? PIECES[0];
    return {
      id: randomUUID(),
      occurredAtMs: dayMs + ((listening * 7_919) % 86_000_000) + (n % LISTENING_REQUESTS) * 20_000,
      evidence: 'origin_bytes',
      method: 'GET',
      status: 206,
      bytesServed: piece.to - piece.from,
      rangeAsked: `bytes=${piece.from}-${piece.to - 1}`,
      rangeServed: piece,
      hls: null,
      listener: String(listening),
      address: String(listening),
      episode: `episode ${(listening * 31) % 200}`,
      agent: listening % 6 === 5 ? 'bot_agent' : 'app',
      network: 'household',
      addressList: null,
      badReferrer: false,
    };
  });
}
