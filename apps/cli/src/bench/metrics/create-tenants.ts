import type { Scope } from '@lib/http';
import { CountDownloads } from '@lib/ingestion';
import { KeysService, TenantsService } from '@lib/tenants';
import { CommandFailed } from '../../command.errors.js';
import { withApplication } from '../../with-application.js';
import type { BenchProduct } from '../with-bench-product.js';
import type { BenchTenant } from './bench-tenant.js';
import { forgetRequests, storeNetworks } from './networks.sql.js';
import { tenantShapes } from './tenant-shapes.js';

const SCOPES: readonly Scope[] = ['ingest', 'read', 'admin'];

/**
 * Creates tenants and their keys by the product's own use cases, and podcasts, weekly episodes, agents, networks and rule
 * sets in bulk.
 *
 * @param firstDay 00:00 UTC of the first day of the history
 * @param days of the history
 */
export async function createTenants(
  product: BenchProduct,
  tenants: number,
  firstDay: Date,
  days: number,
  onProgress: (made: number) => void,
): Promise<void> {
  const made: BenchTenant[] = [];
  await withApplication(product.settings, async (application) => {
    const keys = application.get(KeysService, { strict: false });
    const service = application.get(TenantsService, { strict: false });
    for (const shape of tenantShapes(tenants)) {
      const request = { name: `Bench ${shape.number}`, timeZone: shape.timeZone };
      const { tenant, result } = await service.create(request, () =>
        keys.create({ kind: 'secret', name: 'bench', scopes: SCOPES, trustedSender: true, expiresAt: null }),
      );
      made.push({ ...shape, tenantId: tenant.tenantId, key: result.credential });
      if (shape.number % 100 === 0) onProgress(shape.number);
    }
    await storeNetworks(product.owner, made, firstDay, days);
    await makeFirstRuleSet(product, made);
    await application.get(CountDownloads, { strict: false }).run();
    await forgetRequests(product.owner);
  });
}

/** One request of the first tenant, from which the counter makes the rule set that the history is shown under. */
async function makeFirstRuleSet({ apiOrigin, owner }: BenchProduct, [first]: BenchTenant[]): Promise<void> {
  if (first === undefined) return;
  const [episode] = await owner.sql<{ id: string }>('SELECT id FROM episodes WHERE tenant_id = $1 LIMIT 1', [
    first.tenantId,
  ]);
  const event = {
    id: crypto.randomUUID(),
    type: 'download_request',
    occurredAt: new Date().toISOString(),
    episodeId: episode?.id,
    client: { ip: '203.0.113.9', userAgent: 'App 1' },
    request: { method: 'GET', status: 200, bytes: 24_000_000 },
  };
  const answer = await fetch(`${apiOrigin}/v1/events/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${first.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ events: [event] }),
  });
  const text = await answer.text();
  if (!answer.ok || !text.startsWith('{"accepted":1,'))
    throw new CommandFailed(`the API answered ${answer.status} ${text}`);
}
