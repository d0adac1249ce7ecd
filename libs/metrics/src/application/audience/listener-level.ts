import type { RequestEvidence } from '../../domain/audience/request-evidence.js';

/**
 * A number of listeners is always at one level. It is a core metric of PTMG v2.3 (§6.2): unique IP address (IPv6 cut to
 * /64) and user agent within a stated period.
 */
export interface ListenerLevel {
  readonly metric: 'listeners';
  readonly evidence: RequestEvidence;
  readonly core: true;
}

/** The level of some listeners. */
export function listenerLevel(evidence: RequestEvidence): ListenerLevel {
  return { metric: 'listeners', evidence, core: true };
}
