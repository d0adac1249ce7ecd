/** One index entry of PostgreSQL holds 2,704 bytes; the tenant, the podcast and headers take their part. */
const MAX_IDENTITY_BYTES = 2_500;

/** Whether guid and media key together fit the unique index that tells episodes apart. */
export function fitsIdentity(guid: string, mediaKey: string): boolean {
  return new TextEncoder().encode(guid + mediaKey).length <= MAX_IDENTITY_BYTES;
}
