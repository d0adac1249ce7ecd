import { CommandFailed } from '../command.errors.js';
import type { BenchNetwork } from './create-network.js';
import type { BenchProduct } from './with-bench-product.js';

/** Other rules than the first ones, so that a recount has something to store. */
const RULES = {
  window: 'calendar_day',
  contentSeconds: 30,
  header: 'required',
  requestsPerAddressDay: null,
  breadth: { episodes: 30, minutes: 10 },
  filteredNetworks: ['hosting', 'vpn'],
};

/**
 * Asks for a recount of UTC days, both included, under a rule set made for it.
 * @param version of the rule set, such as `2.0.0`; each only once
 */
export async function requestRecount(
  product: BenchProduct,
  network: BenchNetwork,
  version: string,
  firstDay: string,
  lastDay: string,
): Promise<void> {
  const ruleSet = { version, validFrom: '2999-01-01', rules: RULES, note: 'bench' };
  const { id } = (await post(product, network, '/v1/rule-sets', ruleSet)) as { id: string };
  await post(product, network, '/v1/recounts', { ruleSetId: id, firstDay, lastDay });
}

async function post(
  { apiOrigin }: BenchProduct,
  { key }: BenchNetwork,
  path: string,
  body: object,
): Promise<unknown> {
  const response = await fetch(`${apiOrigin}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new CommandFailed(`${path} answered ${response.status} ${text}`);
  return JSON.parse(text);
}

/** How many recounts wait or are under way. @throws CommandFailed when one has failed */
export async function queuedRecounts({ owner }: BenchProduct): Promise<number> {
  const rows = await owner.sql<{ state: string; n: number }>(
    'SELECT state, count(*)::int AS n FROM recounts GROUP BY 1',
  );
  const of = (state: string) => rows.find((row) => row.state === state)?.n ?? 0;
  if (of('failed') > 0) throw new CommandFailed('a recount has failed');
  return of('queued');
}
