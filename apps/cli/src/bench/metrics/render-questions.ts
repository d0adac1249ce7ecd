import { renderTable } from '../../render-table.js';
import { met } from './met.js';
import type { NetworkQuestion } from './network-questions.js';
import { percentiles } from './percentiles.js';

/** Milliseconds of one question. */
export interface QuestionTiming {
  readonly question: NetworkQuestion;
  /** Never asked before. */
  readonly cold: number[];
  /** Asked again at once. */
  readonly again: number[];
  /** Asked again when the API has to look whether its answer stands. */
  readonly later: number[];
  /** Of the largest tenant, in the middle: the API's answer, and the count of the same downloads. */
  readonly largest: { readonly api: number; readonly raw: number } | null;
}

const COLD_TARGET_MS = 50;
const CACHED_TARGET_MS = 3;
const HEAD = [
  'cold p50',
  'p95',
  'p99',
  'again p50',
  'p95',
  'p99',
  'later p95',
  'raw / cold',
  'ms, over HTTP',
];

/** A row for each question and one for all, and whether the targets were met. */
export function renderQuestions(timings: readonly QuestionTiming[], columns: number): string {
  const all = {
    cold: timings.flatMap(({ cold }) => cold),
    again: timings.flatMap(({ again }) => again),
    later: timings.flatMap(({ later }) => later),
    largest: null,
  };
  const rows = timings.map((timing) => row(timing, timing.question.name));
  const [cold, again] = [percentiles(all.cold).p95, percentiles(all.again).p95];
  return [
    renderTable(HEAD, [...rows, row(all, 'all of them')], columns),
    `Cold, p95: ${cold.toFixed(1)} ms of ${COLD_TARGET_MS} ms, ${met(cold, COLD_TARGET_MS)}.`,
    `Cached, p95: ${again.toFixed(1)} ms of ${CACHED_TARGET_MS} ms, ${met(again, CACHED_TARGET_MS)}.`,
    'raw / cold is of the largest tenant: the same numbers counted from stored downloads, one by one.',
  ].join('\n');
}

function row({ cold, again, later, largest }: Omit<QuestionTiming, 'question'>, name: string): string[] {
  const [first, second] = [percentiles(cold), percentiles(again)];
  const figures = [
    first.p50,
    first.p95,
    first.p99,
    second.p50,
    second.p95,
    second.p99,
    percentiles(later).p95,
  ];
  return [
    ...figures.map((value) => value.toFixed(1)),
    largest === null ? '' : (largest.raw / largest.api).toFixed(1),
    name,
  ];
}
