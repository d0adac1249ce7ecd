/**
 * The dates between which PTMG's Apple Watch rule holds: so far always. PTMG v2.3 §8.1 admits that some of these
 * downloads are real, and an addendum may end the rule.
 */
const HOLDS = { fromMs: -Infinity, untilMs: Infinity };

/**
 * PTMG v2.3 §5.5.2 (7), IAB-13: agents that begin with `atc/` and contain `watchOS`, and agents that contain
 * `(null)/(null) watchOS`. The watch downloads what its phone has downloaded already.
 * @param atMs UTC, milliseconds since 1970
 */
export function isAppleWatch(agent: string, atMs: number): boolean {
  if (atMs < HOLDS.fromMs || atMs >= HOLDS.untilMs) return false;
  return (agent.startsWith('atc/') && agent.includes('watchOS')) || agent.includes('(null)/(null) watchOS');
}
