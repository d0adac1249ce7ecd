/** `ok`: as it should be. `warn`: works, but somebody should know. `fail`: not fit to serve. */
export type Verdict = 'ok' | 'warn' | 'fail';

/** What the doctor found out about one thing. */
export interface Finding {
  check: string;
  verdict: Verdict;
  /** One or more lines for people: the facts, and what to do where something is amiss. */
  detail: string;
}

/** The worst verdict of all: one failure makes the whole a failure. */
export function overallVerdict(findings: readonly Finding[]): Verdict {
  const has = (verdict: Verdict) => findings.some((finding) => finding.verdict === verdict);
  return has('fail') ? 'fail' : has('warn') ? 'warn' : 'ok';
}
