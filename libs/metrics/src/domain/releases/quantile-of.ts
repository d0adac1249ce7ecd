/**
 * The quantile `p` of some values, at position `p · (n + 1)` of the ordered list and straight between two of them (the
 * definition of Weibull). Beyond the first or last it is that value.
 *
 * Of `n` values that came about in the same way as the next one, the next lies below it with probability `p`, as long as
 * the position is within the list: for the tenth part on either side that takes nine values.
 *
 * @param values in any order, at least one
 */
export function quantileOf(values: readonly number[], p: number): number {
  const ordered = [...values].sort((a, b) => a - b);
  const position = Math.min(Math.max(p * (ordered.length + 1), 1), ordered.length);
  const below = Math.floor(position);
  const low = ordered[below - 1] ?? NaN;
  const high = ordered[below] ?? low;
  return low + (high - low) * (position - below);
}

/** The middle of some values, or half-way between the two in the middle. At least one value is needed. */
export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}
