/** Products whose version numbers are known well enough to tell one that never was. */
const VERSIONS = /\b(Chrome|Firefox)\/([0-9.]+)/;
/** Firefox repeats its version here. */
const REVISION = /\brv:([0-9.]+)/;

/**
 * PTMG v2.3 §5.5.2 (4), IAB-10: an agent that claims to be Chrome or Firefox under a version number that neither ever
 * had, such as `55.02` for `55.0.2` or `1430` for `143.0`, is false on purpose.
 *
 * Told only from what is certain, because real listeners are lost by a mistake: numbers of one part, with a leading
 * zero, or above 999. Odd characters, unknown products and unusual shapes are none of it: such an agent is unknown, and
 * counts.
 */
export function isMalformedAgent(agent: string): boolean {
  if (!agent.startsWith('Mozilla/5.0 (')) return false;
  const version = VERSIONS.exec(agent)?.[2];
  if (version === undefined) return false;
  const revision = REVISION.exec(agent)?.[1];
  return isImpossible(version) || (revision !== undefined && isImpossible(revision));
}

function isImpossible(version: string): boolean {
  const parts = version.split('.');
  // A full stop may end a sentence.
  if (parts.at(-1) === '') parts.pop();
  return parts.length < 2 || Number(parts[0]) > 999 || parts.some((part) => /^0[0-9]/.test(part));
}
