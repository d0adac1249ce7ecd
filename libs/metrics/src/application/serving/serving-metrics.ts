import { Counter, Gauge } from 'prom-client';

/**
 * How an answer came about: from memory as it was (`hit`), from memory after a look whether it still stands
 * (`revalidated`), together with another request that asked the same (`shared`), or anew (`miss`).
 */
export type AnswerSource = 'hit' | 'revalidated' | 'shared' | 'miss';

const answers = new Counter({
  name: 'metrics_answers_total',
  help: 'Answers to metrics questions that may be kept, by where they came from.',
  labelNames: ['source'],
});

export function countAnswer(source: AnswerSource): void {
  answers.inc({ source });
}

let measure = (): number => 0;

/** Names what the gauge measures at every scrape. */
export function measureKeptBytesWith(probe: () => number): void {
  measure = probe;
}

/** Registered by being made. */
new Gauge({
  name: 'metrics_cache_bytes',
  help: 'Bytes that kept answers to metrics questions take in this process.',
  collect() {
    this.set(measure());
  },
});
