import type { TenantId } from '@lib/primitives';

/**
 * What a tenant's key may do. `read` sees numbers and what they are about, `raw` also single requests of listeners, with
 * their sessions: a dashboard needs no such key. `admin` includes the others.
 */
export const SCOPES = ['ingest', 'read', 'raw', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is calling, proven by a credential. The only source of a request's tenant. */
export type Principal = TenantPrincipal | PlatformPrincipal;

export interface TenantPrincipal {
  readonly kind: 'tenant';
  readonly tenantId: TenantId;
  readonly keyId: string;
  readonly scopes: readonly Scope[];
  /** A public, write-only token rather than a secret. */
  readonly ingestToken: boolean;
  /** Its `client` and `request.bytes` are believed. */
  readonly trustedSender: boolean;
}

export interface PlatformPrincipal {
  readonly kind: 'platform';
  readonly keyId: string;
  readonly name: string;
}

/** A key whose secret is right, but which was revoked, has expired, or belongs to a suspended tenant. It proves nothing. */
export interface EndedKey {
  readonly kind: 'ended';
  readonly keyId: string;
  readonly tenantId?: TenantId;
}

/** Turns a credential into a principal; undefined for one that is not known. Never throws for a bad credential. */
export interface Authenticator {
  authenticate(credential: string): Promise<Principal | EndedKey | undefined>;
}

/** Token under which the application provides its `Authenticator`. */
export const AUTHENTICATOR = Symbol('AUTHENTICATOR');
