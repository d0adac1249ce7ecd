import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import type { KnownNetwork } from '../domain/known-network.js';

/**
 * Writes dictionary entries that are not there yet. Ids are hashes of the text, so nothing has to be read back.
 *
 * Those that are there are locked until the transaction ends, so that none is removed as unused meanwhile: an update
 * whose condition never holds does nothing else.
 *
 * @returns how many were new
 */
export async function insertDictionary(
  sql: Sql,
  tenantId: TenantId,
  table: 'user_agents' | 'referrers' | 'paths',
  entries: readonly { id: bigint; value: string }[],
): Promise<number> {
  const rows = await sql(
    `INSERT INTO ${table} (tenant_id, id, value)
     SELECT $1, id, value FROM unnest($2::bigint[], $3::text[]) AS d (id, value) ORDER BY id
     ON CONFLICT (tenant_id, id) DO UPDATE SET value = excluded.value WHERE false RETURNING 1`,
    [tenantId, entries.map((entry) => entry.id), entries.map((entry) => entry.value)],
  );
  return rows.length;
}

/** The texts of some user agents, by id. */
export async function userAgentTexts(
  sql: Sql,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; value: string }>(
    `SELECT id, value FROM user_agents WHERE tenant_id = $1 AND id = ANY ($2::bigint[])`,
    [tenantId, ids],
  );
  return new Map(rows.map(({ id, value }) => [id, value]));
}

/** Writes entries of the dictionary of networks that are not there yet. */
export async function insertNetworks(
  sql: Sql,
  tenantId: TenantId,
  networks: readonly KnownNetwork[],
): Promise<void> {
  await sql(
    `INSERT INTO networks (tenant_id, id, class, asn, country, address_list, list_entry_id)
     SELECT $1, n.* FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::uuid[]) AS n (id)
     ORDER BY n.id ON CONFLICT DO NOTHING`,
    [
      tenantId,
      networks.map(({ id }) => id),
      networks.map(({ networkClass }) => networkClass),
      networks.map(({ asn }) => asn),
      networks.map(({ country }) => country),
      networks.map(({ addressList }) => addressList),
      networks.map(({ listEntryId }) => listEntryId),
    ],
  );
}
