import { randomUUID } from 'node:crypto';
import type { TestDatabase } from './test-database.js';

/** A tenant with one podcast and some episodes, written past every wall by the owner. */
export interface TestTenant {
  tenantId: string;
  podcastId: string;
  episodeIds: string[];
}

/** Creates a tenant in a box. */
export async function createTestTenant(
  database: TestDatabase,
  name = 'Tenant',
  episodes = 2,
): Promise<TestTenant> {
  const tenantId = randomUUID();
  const { owner } = database;
  await owner.query('INSERT INTO tenants (tenant_id, name) VALUES ($1, $2)', [tenantId, name]);
  await owner.query('INSERT INTO tenant_settings (tenant_id) VALUES ($1)', [tenantId]);
  await owner.query('INSERT INTO tenant_quotas (tenant_id) VALUES ($1)', [tenantId]);
  return fillTestTenant(database, tenantId, name, episodes);
}

/** Gives a tenant that exists a podcast and some episodes, past every wall. */
export async function fillTestTenant(
  { owner }: TestDatabase,
  tenantId: string,
  name = 'Tenant',
  episodes = 2,
): Promise<TestTenant> {
  const podcastId = randomUUID();
  const episodeIds = Array.from({ length: episodes }, () => randomUUID());
  await owner.query('INSERT INTO podcasts (tenant_id, id, title) VALUES ($1, $2, $3)', [
    tenantId,
    podcastId,
    `${name} podcast`,
  ]);
  await owner.query(
    `INSERT INTO episodes (tenant_id, id, podcast_id, guid, title)
     SELECT $1, id, $2, id::text, $3 || ' episode ' || n FROM unnest($4::uuid[]) WITH ORDINALITY AS e (id, n)`,
    [tenantId, podcastId, name, episodeIds],
  );
  return { tenantId, podcastId, episodeIds };
}
