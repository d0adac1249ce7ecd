import type { AudienceSize } from './estimate-audience.js';

/**
 * Listeners of a range who are not returning ones. Exact where both numbers are; else its bounds are as far apart as both
 * numbers allow, which is further than 95 % asks for.
 */
export function newListeners(all: AudienceSize, returning: AudienceSize): AudienceSize {
  return {
    listeners: Math.max(0, (all.listeners ?? 0) - (returning.listeners ?? 0)),
    exact: all.exact && returning.exact,
    standardError: null,
    lower: Math.max(0, all.lower - returning.upper),
    upper: Math.max(0, all.upper - returning.lower),
  };
}
