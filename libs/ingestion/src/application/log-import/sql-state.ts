/** SQLSTATEs of PostgreSQL. A row that fits no partition breaks what PostgreSQL calls a check. */
export const NO_PARTITION = '23514';
export const INSUFFICIENT_PRIVILEGE = '42501';

/** The SQLSTATE of an error; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}
