/** The numbers in an answer of the metrics API, wherever they are. */
interface Answer {
  series?: { points: { value: number }[] }[];
  totals?: { value: number; previousValue: number | null }[];
  rankings?: { episodes: { value: number }[] }[];
  rows?: { value: number }[];
  audiences?: { whole: { listeners: number | null } }[];
  levels?: { backCatalogue: number }[];
}

/**
 * Asks the API and returns the numbers of its answer, highest first, without zeros.
 * @throws Error when it is not answered with 200
 */
export async function askDashboard(url: string, key: string): Promise<number[]> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  if (!answer.ok) throw new Error(`the API answered ${answer.status} ${await answer.text()}`);
  const said = (await answer.json()) as Answer;
  const { series = [], totals = [], rankings = [], rows = [], audiences = [], levels = [] } = said;
  return [
    ...series.flatMap(({ points }) => points.map(({ value }) => value)),
    ...totals.flatMap(({ value, previousValue }) => [value, previousValue ?? 0]),
    ...rankings.flatMap(({ episodes }) => episodes.map(({ value }) => value)),
    ...rows.map(({ value }) => value),
    ...audiences.map(({ whole }) => whole.listeners ?? 0),
    ...levels.map(({ backCatalogue }) => backCatalogue),
  ]
    .filter((value) => value > 0)
    .sort((a, b) => b - a);
}
