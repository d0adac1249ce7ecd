import { randomUUID } from 'node:crypto';
import type { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { KeysService, TenantsService } from '@lib/tenants';
import { withApplication } from '../with-application.js';

export interface DemoRequest {
  /** Every role but the owner. */
  settings: Settings;
  /** Told of progress, in units of the demo's own choice. */
  onProgress: (done: number, total: number) => void;
}

/** The demo network, as the banner shows it. */
export interface DemoNetwork {
  tenantId: string;
  /** The tenant's key, shown again at every start. */
  key: string;
  podcastId: string;
  /** Path and query of a request that returns real numbers, such as `/v1/…?from=…`. */
  queryPath: string;
}

/** Creates a tenant with one podcast, and returns how to look at it. */
export function createDemo({ settings, onProgress }: DemoRequest): Promise<DemoNetwork> {
  return withApplication(settings, async (application) => {
    const podcastId = randomUUID();
    const db = application.get(TenantDb, { strict: false });
    const keys = application.get(KeysService, { strict: false });
    const tenants = application.get(TenantsService, { strict: false });
    const { tenant, result } = await tenants.create({ name: 'Demo network', timeZone: 'UTC' }, async () => {
      await db.current.sql('INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, $2, $3)', [
        db.current.tenantId,
        podcastId,
        'The Harbour Tapes',
      ]);
      return keys.create({
        kind: 'secret',
        name: 'Demo key',
        scopes: ['admin'],
        trustedSender: true,
        expiresAt: null,
      });
    });
    onProgress(1, 1);
    return { tenantId: tenant.tenantId, key: result.credential, podcastId, queryPath: '/v1/tenant' };
  });
}
