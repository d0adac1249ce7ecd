import { databaseUnavailable } from '@lib/database';

/**
 * Does some work for one tenant after another. One tenant's fault does not keep it from the others: it is thrown when all
 * have had their turn.
 *
 * @throws AggregateError of the faults, and at once what says that the database is away
 */
export async function forEachTenant<Tenant>(
  tenants: readonly Tenant[],
  work: (tenant: Tenant) => Promise<void>,
): Promise<void> {
  const faults: unknown[] = [];
  for (const tenant of tenants)
    await work(tenant).catch((error: unknown) => {
      if (databaseUnavailable(error)) throw error;
      faults.push(error);
    });
  if (faults.length > 0)
    throw new AggregateError(faults, `${faults.length} of ${tenants.length} tenants failed`);
}
