import { randomUUID } from 'node:crypto';
import type { Scope } from '@lib/http';
import { KeysService, TenantsService } from '@lib/tenants';
import { withApplication } from '../with-application.js';
import type { BenchProduct } from './with-bench-product.js';

/** A tenant with podcasts of ten episodes each, and a key of a trusted sender that may also do all else. */
export interface BenchNetwork {
  readonly tenantId: string;
  readonly key: string;
  readonly podcastIds: readonly string[];
  readonly episodeIds: readonly string[];
}

const EPISODES_PER_PODCAST = 10;
const SCOPES: readonly Scope[] = ['ingest', 'read', 'admin'];

/** Creates a tenant by the product's own use cases, and its catalogue in bulk. */
export async function createNetwork(product: BenchProduct, episodes: number): Promise<BenchNetwork> {
  const { tenantId, key } = await withApplication(product.settings, async (application) => {
    const keys = application.get(KeysService, { strict: false });
    const created = await application
      .get(TenantsService, { strict: false })
      .create({ name: 'Bench', timeZone: 'UTC' }, () =>
        keys.create({ kind: 'secret', name: 'bench', scopes: SCOPES, trustedSender: true, expiresAt: null }),
      );
    return { tenantId: created.tenant.tenantId, key: created.result.credential };
  });
  const podcastIds = Array.from({ length: Math.ceil(episodes / EPISODES_PER_PODCAST) }, () => randomUUID());
  const episodeIds = Array.from({ length: episodes }, () => randomUUID());
  await product.owner.sql(
    `INSERT INTO podcasts (tenant_id, id, title)
     SELECT $1, id, 'Podcast ' || n FROM unnest($2::uuid[]) WITH ORDINALITY AS p (id, n)`,
    [tenantId, podcastIds],
  );
  await product.owner.sql(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title, published_at)
     SELECT $1, id, ($2::uuid[])[(1 + (n - 1) / $4)::integer], id::text, 'Episode ' || n, now() - n * interval '1 day'
     FROM unnest($3::uuid[]) WITH ORDINALITY AS e (id, n)`,
    [tenantId, podcastIds, episodeIds, EPISODES_PER_PODCAST],
  );
  return { tenantId, key, podcastIds, episodeIds };
}
