/**
 * Downloads within the first day, the first two days and so on, for as many whole days as are asked for.
 *
 * @param ages ages in days with downloads, in any order; 0 is the first day
 * @param downloads of those ages
 */
export function cumulativeCurve(
  ages: readonly number[],
  downloads: readonly number[],
  days: number,
): number[] {
  const byAge = new Array<number>(Math.max(days, 0)).fill(0);
  ages.forEach((age, place) => {
    if (age < byAge.length) byAge[age] = (byAge[age] ?? 0) + (downloads[place] ?? 0);
  });
  let sum = 0;
  return byAge.map((count) => (sum += count));
}
