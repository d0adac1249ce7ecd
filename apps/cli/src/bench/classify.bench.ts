import { builtInClassifier } from '@lib/ingestion';
import type { CommandIo } from '../command-io.js';
import { spread } from './spread.js';

const ROUNDS = 5;
const REPEATS = 200;
/** Different agents: more than a podcast network meets in an hour. */
const AGENTS = 5_000;

/** Shapes of agents that are common in access logs. Another version is another agent. */
const SHAPES: readonly ((version: number) => string)[] = [
  (version) => `Podcasts/${version}.1 CFNetwork/3826.500.111 Darwin/25.0.0`,
  (version) => `Overcast/${version} CFNetwork/3826.500.111 Darwin/25.0.0`,
  (version) => `Spotify/9.1.${version} Android/36 (Pixel 9)`,
  (version) => `AppleCoreMedia/1.0.0.${version}G90 (iPhone; U; CPU OS 18_6 like Mac OS X; en_us)`,
  (version) => `Pocket Casts/8.${version} (Android 16; Pixel 9)`,
  (version) =>
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.${version}.0 Safari/537.36`,
  (version) => `Mozilla/5.0 (compatible; HarbourBot/${version}; +https://harbour.example/bot)`,
  (version) => `NobodyKnows/${version} (nobody.example)`,
];

/**
 * Measures how fast user agents are classified: those met before, as texts that are new in memory as if read from a log,
 * and those never met. One thread, the built-in lists.
 */
export function benchClassify(io: CommandIo): void {
  const lines = Buffer.from(
    Array.from({ length: AGENTS }, (_, index) => SHAPES[index % SHAPES.length]?.(index) ?? '').join('\n'),
  );
  const [met, unmet] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    const classifier = builtInClassifier();
    const classifyAll = () => {
      const agents = lines.toString().split('\n');
      const started = performance.now();
      for (const agent of agents) classifier.agent(agent, 0);
      return performance.now() - started;
    };
    unmet.push(AGENTS / classifyAll());
    let milliseconds = 0;
    for (let repeat = 0; repeat < REPEATS; repeat += 1) milliseconds += classifyAll();
    met.push((AGENTS * REPEATS) / milliseconds);
  }
  io.print(`Agents met before   ${describe(met)} classifications a second`);
  io.print(`Agents never met    ${describe(unmet)} classifications a second`);
}

/** @param rates in agents a millisecond */
function describe(rates: readonly number[]): string {
  const { median, min, max } = spread(rates.map((rate) => Math.round(rate * 1000)));
  const [shown, ...ends] = [median, min, max].map((rate) => rate.toLocaleString('en'));
  return `${shown ?? ''} (${ends.join(' to ')})`;
}
