import { DAY_MS, DomainError, SLICE_MS } from '@lib/primitives';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads a half-open range. A date is the beginning of that UTC day, since counting knows no other days; an instant has an
 * offset and lies on a multiple of 5 minutes.
 * @throws DomainError `invalid_range` (400) naming `from` or `to`
 */
export function readUtcRange(from: string, to: string, longestDays: number): { from: Date; to: Date } {
  const range = { from: readInstant('from', from), to: readInstant('to', to) };
  if (range.from >= range.to) throw invalid('to', 'must lie after from');
  if (range.to.getTime() - range.from.getTime() > longestDays * DAY_MS)
    throw invalid('to', `may lie at most ${longestDays} days after from`);
  return range;
}

function readInstant(field: string, text: string): Date {
  const isDate = DATE.test(text);
  const at = new Date(isDate ? `${text}T00:00:00Z` : text);
  if ((!isDate && !INSTANT.test(text)) || Number.isNaN(at.getTime()))
    throw invalid(field, 'must be a date (2026-03-01) or an instant with its offset (2026-03-01T00:00:00Z)');
  // 31 February rolls over instead of failing.
  if (isDate && at.toISOString().slice(0, 10) !== text) throw invalid(field, 'is no day of the calendar');
  if (at.getTime() % SLICE_MS !== 0) throw invalid(field, 'must lie on a multiple of 5 minutes');
  return at;
}

function invalid(field: string, rule: string): DomainError {
  return new DomainError('invalid_range', 400, `${field} ${rule}.`, { field });
}
