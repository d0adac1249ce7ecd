import { audiencePeriod, DAY_MS } from '@lib/primitives';
import type { CountedRange } from '../read-range.js';
import type { RequestEvidence } from './request-evidence.js';

/** The two audience ids of a download, by their columns' last letter. */
export type SketchSeries = 'a' | 'b';

/** What decides under which keys listeners were hashed. */
export interface AudienceKeys {
  /** Length of an audience-key period, in days. */
  readonly periodDays: number;
  /** The whole UTC days of each log import: its listeners have keys of their own. */
  readonly imports: readonly CountedRange[];
}

/** A stretch of time in which a listener has one id. */
export interface AudiencePart {
  /** Names the key: equal for what is hashed with the same. */
  readonly key: string;
  readonly series: SketchSeries;
  /** Ascending, apart, and never empty. Before and after an import the keys are the same. */
  readonly ranges: readonly CountedRange[];
  /** The first instant of the key period. */
  readonly periodFrom: number;
}

/**
 * Splits a range into parts in each of which a listener has one id, as few as either series allows: measured over several
 * parts, somebody who comes back has several ids. A range of at most half a period lies whole in one period of one of the
 * two series; where both hold it, the one that began earlier is taken.
 *
 * Logs are the only source of imports, and tell bytes: what a redirect saw (`prefix_only`) has the keys of live traffic
 * on the days of an import too.
 */
export function audienceParts(
  range: CountedRange,
  keys: AudienceKeys,
  evidence: RequestEvidence,
): AudiencePart[] {
  const [first, second] = [partsOf('a', range, keys, evidence), partsOf('b', range, keys, evidence)];
  if (first.length !== second.length) return first.length < second.length ? first : second;
  return (second[0]?.periodFrom ?? 0) < (first[0]?.periodFrom ?? 0) ? second : first;
}

/** When else before `from` the listeners of a part had the ids that they have in it, ascending. */
export function rangesBefore(
  { key, series, periodFrom }: AudiencePart,
  from: number,
  keys: AudienceKeys,
  evidence: RequestEvidence,
): readonly CountedRange[] {
  const parts = partsOf(series, { from: periodFrom, to: from }, keys, evidence);
  return parts.find((part) => part.key === key)?.ranges ?? [];
}

/** What of some ranges lies at or after an instant. */
export function rangesSince(since: number, ranges: readonly CountedRange[]): readonly CountedRange[] {
  return ranges.filter(({ to }) => to > since).map(({ from, to }) => ({ from: Math.max(from, since), to }));
}

function partsOf(
  series: SketchSeries,
  range: CountedRange,
  { periodDays, imports }: AudienceKeys,
  evidence: RequestEvidence,
): AudiencePart[] {
  const keyed = evidence === 'origin_bytes' ? imports : [];
  const periodAt = (at: number) => audiencePeriod(COLUMNS[series], new Date(at), periodDays);
  const borders = keyed.flatMap(({ from, to }) => [from, to]);
  const parts = new Map<string, AudiencePart>();
  for (const piece of cut(range, (at) =>
    Math.min(periodAt(at).end.getTime(), ...borders.filter((border) => border > at)),
  )) {
    const { period } = periodAt(piece.from);
    const importing = keyed.flatMap(({ from, to }, n) => (piece.from >= from && piece.from < to ? [n] : []));
    const key = [period, ...importing].join(' ');
    const ranges = [...(parts.get(key)?.ranges ?? []), piece];
    parts.set(key, { key, series, ranges, periodFrom: Date.parse(`${period}T00:00:00Z`) });
  }
  return [...parts.values()];
}

const COLUMNS = { a: 'audience_a', b: 'audience_b' } as const;

/** @param borderAfter the earliest instant after another from which listeners may have other ids */
function cut({ from, to }: CountedRange, borderAfter: (at: number) => number): CountedRange[] {
  const pieces: CountedRange[] = [];
  for (let at = from; at < to;) {
    const end = Math.min(borderAfter(at), to);
    pieces.push({ from: at, to: end });
    at = end;
  }
  return pieces;
}

/** A range cut at UTC midnights: the whole UTC days inside, if there are any, and what is left at its edges. */
export function splitAtUtcDays({ from, to }: CountedRange): { days: CountedRange[]; edges: CountedRange[] } {
  const first = Math.ceil(from / DAY_MS) * DAY_MS;
  const last = Math.floor(to / DAY_MS) * DAY_MS;
  if (first >= last) return { days: [], edges: [{ from, to }] };
  const edges = [
    { from, to: first },
    { from: last, to },
  ].filter((edge) => edge.from < edge.to);
  return { days: [{ from: first, to: last }], edges };
}
