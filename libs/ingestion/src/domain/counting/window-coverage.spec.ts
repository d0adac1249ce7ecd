import { expect, test } from '@jest/globals';
import { measurePieces, type Piece } from './measure-pieces.js';
import { addedAmounts, amountOf, extendCoverage, NOTHING_COVERED } from './window-coverage.js';

const EPISODES = new Map([['episode', { fileBytes: 1_000, headerBytes: 100, durationSeconds: 90 }]]);
const PIECE: Piece['request'] = {
  id: 'request',
  occurredAtMs: 0,
  evidence: 'origin_bytes',
  method: 'GET',
  status: 206,
  bytesServed: 300,
  rangeAsked: 'bytes=0-299',
  rangeServed: null,
  hls: null,
  listener: 'listener',
  address: 'address',
  episode: 'episode',
  agent: 'app',
  network: 'household',
  addressList: null,
  badReferrer: false,
};
const segment = (position: number): Piece['request'] => ({
  ...PIECE,
  rangeAsked: null,
  hls: { kind: 'segment', position, durationMs: 6_000 },
});
const REQUESTS = [segment(10), { ...PIECE, rangeAsked: 'bytes=200-499' }, segment(9), PIECE, segment(10)];
const PIECES = measurePieces(
  REQUESTS.map((request, index) => ({ index, request })),
  EPISODES,
);

test('of the same deliveries is the same value, in whatever order they came', () => {
  const coverage = extendCoverage(NOTHING_COVERED, PIECES);
  expect(coverage).toEqual({
    served: [{ from: 0, to: 500 }],
    segments: [9, 10],
    segmentMs: 12_000,
    segmentBytes: 600,
  });
  expect(extendCoverage(NOTHING_COVERED, [...PIECES].reverse())).toEqual(coverage);
});

test('comes to what its requests add', () => {
  const sum = { bytes: 0, helpfulBytes: 0, segmentMs: 0 };
  for (const added of addedAmounts(NOTHING_COVERED, PIECES, 100)) {
    sum.bytes += added.bytes;
    sum.helpfulBytes += added.helpfulBytes;
    sum.segmentMs += added.segmentMs;
  }
  expect(sum).toEqual({ bytes: 1_100, helpfulBytes: 400, segmentMs: 12_000 });
  expect(amountOf(extendCoverage(NOTHING_COVERED, PIECES), 100)).toEqual(sum);
});

test('gains nothing from what it has', () => {
  const coverage = extendCoverage(NOTHING_COVERED, PIECES);
  expect(extendCoverage(coverage, PIECES)).toEqual(coverage);
  for (const added of addedAmounts(coverage, PIECES, 0))
    expect(added).toEqual({ bytes: 0, helpfulBytes: 0, segmentMs: 0 });
});
