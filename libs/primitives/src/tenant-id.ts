const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A lower-case UUID that has been checked. The only form in which a tenant's id may reach SQL text. */
export type TenantId = string & { readonly __brand: 'TenantId' };

/** True for a UUID of any version in its canonical form, in either case. */
export function isUuid(value: unknown): boolean {
  return typeof value === 'string' && UUID.test(value.toLowerCase());
}

/**
 * Checks and brands a tenant's id.
 * @throws TypeError when the value is not a canonical UUID. The value itself is not echoed.
 */
export function toTenantId(value: string): TenantId {
  if (!isUuid(value)) throw new TypeError('a tenant id must be a UUID');
  return value.toLowerCase() as TenantId;
}
