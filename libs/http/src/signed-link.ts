import { createHmac, timingSafeEqual } from 'node:crypto';
import { toTenantId, type TenantId } from '@lib/primitives';

/** What a link opens, and how long. */
export interface SignedLink {
  readonly tenantId: TenantId;
  /** Of whatever links of this purpose open. */
  readonly id: string;
  /** UTC milliseconds since 1970, of which whole seconds count. */
  readonly expiresAtMs: number;
}

const UUID_BYTES = 16;
const SECONDS_BYTES = 6;
const NAMED_BYTES = 2 * UUID_BYTES + SECONDS_BYTES;
const LINK_BYTES = NAMED_BYTES + 32;

/** What links are for. One that was signed for one of them opens none of the others. */
export type LinkPurpose = 'export-link' | 'export-file';

/**
 * A link as 94 letters that a path takes as they are: tenant, id and expiry, and an HMAC-SHA-256 over them. Whoever has it can
 * read what it opens, as with a password.
 */
export function signLink(secret: string, purpose: LinkPurpose, link: SignedLink): string {
  const named = Buffer.concat([uuidBytes(link.tenantId), uuidBytes(link.id), Buffer.alloc(SECONDS_BYTES)]);
  named.writeUIntBE(Math.floor(link.expiresAtMs / 1_000), 2 * UUID_BYTES, SECONDS_BYTES);
  return Buffer.concat([named, signatureOf(secret, purpose, named)]).toString('base64url');
}

/** What a link opens; undefined for one that was changed, is not ours or has expired. */
export function readLink(
  secret: string,
  purpose: LinkPurpose,
  text: string,
  nowMs: number,
): SignedLink | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // A second way to write the same bytes is another text than the one that was signed.
  if (bytes.length !== LINK_BYTES || bytes.toString('base64url') !== text) return undefined;
  const named = bytes.subarray(0, NAMED_BYTES);
  if (!timingSafeEqual(bytes.subarray(NAMED_BYTES), signatureOf(secret, purpose, named))) return undefined;
  const expiresAtMs = named.readUIntBE(2 * UUID_BYTES, SECONDS_BYTES) * 1_000;
  if (nowMs >= expiresAtMs) return undefined;
  return { tenantId: toTenantId(uuidAt(named, 0)), id: uuidAt(named, UUID_BYTES), expiresAtMs };
}

/** The purpose keeps signatures apart from those of other things that the same secret signs. */
function signatureOf(secret: string, purpose: LinkPurpose, named: Uint8Array): Buffer {
  return createHmac('sha256', `${purpose}:${secret}`).update(named).digest();
}

function uuidBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidAt(bytes: Buffer, at: number): string {
  const hex = bytes.toString('hex', at, at + UUID_BYTES);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
