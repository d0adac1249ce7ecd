import { boundAudience, type AudienceSize } from '../../domain/audience/estimate-audience.js';
import type { AudienceSet } from '../../infrastructure/audience/audience-sets.js';
import type { AudienceUnion } from '../../infrastructure/audience/audience-unions.sql.js';

/** How many listened, and how many downloads are of nobody known. */
export interface Listeners extends AudienceSize {
  /** Key periods, and log imports with keys of their own, that the range lies in: in each a listener has another id. */
  keyPeriods: number;
  unidentifiedDownloads: number;
}

/** The listeners of a range, from the sets that its parts are. */
export function listenersOf(
  sets: readonly AudienceSet[] = [],
  unions: ReadonlyMap<AudienceSet, AudienceUnion>,
): Listeners {
  const parts = sets.flatMap((set) => unions.get(set) ?? []);
  return {
    ...boundAudience(parts.map(({ size }) => size)),
    keyPeriods: sets.length,
    unidentifiedDownloads: parts.reduce((sum, { unidentified }) => sum + unidentified, 0),
  };
}
