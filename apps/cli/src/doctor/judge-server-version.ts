import type { Finding } from './finding.js';

/**
 * First minor version of each major in which cached plans no longer survive a change of role (CVE-2026-14666): before
 * it, row-level security could apply another role's policies. Later majors were released with the fix.
 */
const FIXED_MINOR: Readonly<Record<number, number>> = { 15: 19, 16: 15, 17: 11, 18: 5 };
const OLDEST_MAJOR = 15;

/**
 * Judges a server's version number, such as `15.18` or `16.4 (Debian 16.4-1)`.
 * @param changesRole whether connections change role after login, which is what the flaw needs
 */
export function judgeServerVersion(version: string, changesRole: boolean): Finding {
  const check = 'server version';
  const [, major = 0, minor = 0] = (/^(\d+)(?:\.(\d+))?/.exec(version) ?? []).map(Number);
  if (major < OLDEST_MAJOR) {
    return { check, verdict: 'fail', detail: `PostgreSQL ${version}: at least ${OLDEST_MAJOR} is needed` };
  }
  const fixed = FIXED_MINOR[major];
  if (fixed === undefined || minor >= fixed) return { check, verdict: 'ok', detail: `PostgreSQL ${version}` };
  const exposure = changesRole
    ? 'connections here do change role: give each role its own login, or upgrade'
    : 'connections here log in as their role and never change it, so they are not exposed';
  return {
    check,
    verdict: 'warn',
    detail: `PostgreSQL ${version} lacks the fix for CVE-2026-14666 (${major}.${fixed}): ${exposure}`,
  };
}
