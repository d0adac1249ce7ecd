/** The share of `others` that are lower than `value`, where equal ones count half: 0 to 1. Null without others. */
export function percentileAmong(value: number, others: readonly number[]): number | null {
  if (others.length === 0) return null;
  const lower = others.filter((other) => other < value).length;
  const equal = others.filter((other) => other === value).length;
  return (lower + equal / 2) / others.length;
}
