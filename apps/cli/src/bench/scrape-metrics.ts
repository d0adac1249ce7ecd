/** Reads the samples without labels from the API's own metrics. @throws Error when it does not answer */
export async function scrapeMetrics(origin: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${origin}/metrics`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
  const samples = text.matchAll(/^([a-z_:][a-z0-9_:]*) (\S+)$/gm);
  return new Map(Array.from(samples, ([, name = '', value]) => [name, Number(value)]));
}
