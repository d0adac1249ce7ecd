import { SeededRandom } from './seeded-random.js';

/** What can be done to a running installation. The kills are SIGKILL. */
export const FAULT_KINDS = [
  'kill api 0',
  'kill api 1',
  'kill worker 0',
  'kill worker 1',
  'kill postgres',
  'kill one backend',
  'terminate backends',
  'kill redis',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /** Since the first fault could have come. */
  readonly atMs: number;
  readonly kind: FaultKind;
}

/** The ways to end a COMMIT half-way come up twice as often. */
const DECK: readonly FaultKind[] = [
  ...FAULT_KINDS,
  'kill api 0',
  'kill api 1',
  'kill postgres',
  'kill one backend',
];
const SHORTEST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3_000;
/** However short the drill is. */
const FEWEST_FAULTS = 12;

/**
 * What happens when: a pure function of its arguments. Kinds are dealt from a shuffled deck, so that every kind comes up
 * before any does for the third time; pauses are 0.3 to 3 seconds.
 *
 * @param durationMs the last fault lies before it, unless too few fit in
 */
export function faultSchedule(seed: number, durationMs: number, hasRedis: boolean): Fault[] {
  const random = new SeededRandom(seed, 'faults');
  const cards = DECK.filter((kind) => hasRedis || kind !== 'kill redis');
  const faults: Fault[] = [];
  let deck: FaultKind[] = [];
  for (let atMs = 0; ;) {
    atMs += random.integer(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS);
    if (atMs > durationMs && faults.length >= FEWEST_FAULTS) return faults;
    if (deck.length === 0) deck = random.shuffle(cards);
    faults.push({ atMs, kind: deck.pop() ?? 'kill api 0' });
  }
}
