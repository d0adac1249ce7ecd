/** SQLSTATEs and socket errors after which the same transaction may succeed: serialization, deadlock, lost connections. */
const PASSING =
  /^(40001|40P01|55P03|57014|57P0[1-5]|08\w{3}|53\w{3}|25P03|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH)$/;
const LOST =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/;

/**
 * What a failed transaction calls for: `passing`, try again; `data`, some event cannot be represented; `defect`, neither.
 *
 * A missing partition is reported as a check violation without a constraint. It is `passing`: the maintenance job makes
 * partitions, and the events are not at fault.
 */
export function failureKind(error: unknown): 'passing' | 'data' | 'defect' {
  const { code = '', constraint } = error as { code?: string; constraint?: string };
  if (PASSING.test(code) || (error instanceof Error && LOST.test(error.message))) return 'passing';
  if (code === '23514' && constraint === undefined) return 'passing';
  if (code.startsWith('22') || code === '23514' || code === '54001' || code === '54000') return 'data';
  return 'defect';
}
