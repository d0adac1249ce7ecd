import { databaseUnavailable } from '@lib/database';

/** SQLSTATEs after which the same transaction may succeed: serialization, deadlock, time limits. */
const PASSING = ['40001', '40P01', '55P03', '57014'];

/**
 * What a failed transaction calls for: `passing`, try again; `data`, some event cannot be represented; `defect`, neither.
 *
 * A missing partition is reported as a check violation without a constraint. It is `passing`: the maintenance job makes
 * partitions, and the events are not at fault.
 */
export function failureKind(error: unknown): 'passing' | 'data' | 'defect' {
  const { code = '', constraint } = error as { code?: string; constraint?: string };
  if (databaseUnavailable(error) || PASSING.includes(code)) return 'passing';
  if (code === '23514' && constraint === undefined) return 'passing';
  if (code.startsWith('22') || code === '23514' || code === '54001' || code === '54000') return 'data';
  return 'defect';
}
