import { DAY_MS, utcDate } from '@lib/primitives';
import { evidenceOf, type DrillTenant, type SentEvent } from './sent-event.js';
import { call } from './set-up-tenants.js';
import type { Violations } from './violations.js';

interface Totals {
  totals: { metric: string; evidence: string; value: number }[];
}

/**
 * What the API tells each tenant about its last days, against what the senders know was acknowledged. Neither the
 * database nor the product's code takes part in the expected numbers.
 */
export async function checkTotals(
  origin: string,
  tenants: readonly DrillTenant[],
  sent: readonly SentEvent[],
  violations: Violations,
): Promise<void> {
  const expected = new Map<string, number>();
  for (const event of sent) {
    if (!event.final) continue;
    const key = `${event.tenant.tenantId} ${event.body.type} ${evidenceOf(event)}`;
    expected.set(key, (expected.get(key) ?? 0) + 1);
  }
  for (const [tenantId, downloads] of downloadsByHand(sent))
    expected.set(`${tenantId} downloads prefix_only`, downloads.size);
  const from = utcDate(new Date(Date.now() - 9 * DAY_MS));
  const to = utcDate(new Date(Date.now() + 2 * DAY_MS));
  for (const { tenantId, adminKey } of tenants) {
    const path = `/v1/metrics/totals?from=${from}&to=${to}&timeZone=UTC`;
    const { totals } = await call<Totals>(origin, adminKey, path);
    for (const { metric, evidence, value } of totals) {
      // Time is no count: specs of its own work it out.
      if (metric === 'listen_time') continue;
      const sentOnes = expected.get(`${tenantId} ${metric} ${evidence}`) ?? 0;
      if (value === sentOnes) continue;
      const difference = Math.abs(value - sentOnes);
      violations.add(
        'I4',
        `HTTP: ${tenantId} ${metric} ${evidence} is ${value}, not ${sentOnes}`,
        difference,
      );
    }
  }
}

/**
 * The downloads of the drill, by hand: one for each listener, episode and UTC day. Of requests with bytes none counts,
 * because nobody knows how long the files are; nor do those of senders without trust, whose agent is a program's.
 */
function downloadsByHand(sent: readonly SentEvent[]): Map<string, Set<string>> {
  const downloads = new Map<string, Set<string>>();
  for (const event of sent) {
    const { final, tenant, trusted, body } = event;
    if (!final || !trusted || body.type !== 'download_request' || evidenceOf(event) !== 'prefix_only')
      continue;
    const ofTenant = downloads.get(tenant.tenantId) ?? new Set<string>();
    ofTenant.add(`${body.occurredAt.slice(0, 10)} ${body.episodeId} ${body.client?.ip ?? ''}`);
    downloads.set(tenant.tenantId, ofTenant);
  }
  return downloads;
}
