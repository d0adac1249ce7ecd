import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { LiveSnapshot } from '../../application/live/live-totals.js';
import { LiveStream } from './live-stream.js';

function snapshot(version: number, podcasts = 1): LiveSnapshot {
  const totals = [{ metric: 'play', evidence: 'client_confirmed', core: false, value: version } as const];
  return {
    id: `${version}-2026-03-02`,
    version,
    timeZone: 'UTC',
    from: new Date('2026-03-02'),
    to: new Date('2026-03-03'),
    asOf: new Date('2026-03-02T10:00Z'),
    ruleSets: [],
    switchingDays: [],
    podcasts: Array.from({ length: podcasts }, (_, n) => ({ podcastId: `podcast-${n}`, totals })),
  };
}

const idsIn = (text: string) => [...text.matchAll(/^id: (\d+)-/gm)].map(([, version]) => Number(version));
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a live stream', () => {
  it('skips, for a client that does not read, to the newest snapshot', async () => {
    const stream = new LiveStream(null, undefined);
    const socket = new PassThrough({ highWaterMark: 1 });
    stream.pipe(socket);
    for (let version = 1; version <= 100; version += 1) {
      stream.offer(snapshot(version, 50));
      stream.beat();
      await turn();
    }
    const held = stream.readableLength + socket.readableLength + socket.writableLength;
    expect(held).toBeLessThan(3 * 50 * 200);
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    while (!text.includes('id: 100-')) await turn();
    expect(idsIn(text).length).toBeLessThan(5);
    stream.destroy();
  });

  it('says nothing that the client has', async () => {
    const stream = new LiveStream(null, '7-2026-03-02');
    let text = '';
    stream.on('data', (bytes: Buffer) => (text += bytes.toString()));
    for (const version of [7, 8, 8]) {
      stream.offer(snapshot(version));
      await turn();
    }
    stream.finish();
    stream.offer(snapshot(9));
    stream.beat();
    await once(stream, 'close');
    expect(idsIn(text)).toEqual([8]);
    expect(text).toMatch(/^retry: 2000\n\n/);
  });

  it('ends within a second though its client does not read', async () => {
    const stream = new LiveStream('podcast-0', undefined);
    stream.offer(snapshot(1));
    stream.finish();
    await once(stream, 'close');
    expect(stream.destroyed).toBe(true);
  });
});
