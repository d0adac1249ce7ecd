import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import { retryDelay, type Authenticator, type EndedKey, type Principal, type Scope } from '@lib/http';
import { DomainError, toTenantId, withinTime } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import { parseCredential, secretMatches, type Credential } from '../domain/credential.js';
import {
  resolveApiKey,
  resolvePlatformKey,
  type StoredKey,
  type StoredPlatformKey,
} from '../infrastructure/resolve-credential.sql.js';
import { KeyUsage } from './key-usage.js';

type Stored = { key: StoredKey } | { platform: StoredPlatformKey } | { nothing: true };

/** Below the 5 seconds in which a revoked key must stop on every instance. */
const CACHE_MS = 4_000;

function databaseSlow(): DomainError {
  return new DomainError('database_unavailable', 503, 'The key could not be checked in time.', {
    retryAfterSeconds: retryDelay(),
  });
}

/** Proves keys against the database, through a short cache by key id. */
@Injectable()
export class KeyAuthenticator implements Authenticator {
  private readonly cache = new LRUCache<string, Promise<Stored>>({ max: 10_000, ttl: CACHE_MS });

  constructor(
    private readonly settings: Settings,
    @Inject(APP_POOL) private readonly pool: RolePool,
    private readonly usage: KeyUsage,
  ) {}

  async authenticate(text: string): Promise<Principal | EndedKey | undefined> {
    const credential = parseCredential(text);
    if (credential === undefined) return undefined;
    const stored = await this.lookUp(credential);
    if ('platform' in stored) return this.platform(credential, stored.platform);
    if ('key' in stored) return this.tenant(credential, stored.key);
    // An unknown key costs the same as a wrong secret.
    secretMatches(this.settings.apiKeyPepper, credential.secret, Buffer.alloc(32));
    return undefined;
  }

  private platform(
    { keyId, secret }: Credential,
    stored: StoredPlatformKey,
  ): Principal | EndedKey | undefined {
    if (!secretMatches(this.settings.apiKeyPepper, secret, stored.secretHash)) return undefined;
    if (stored.revokedAt !== null) return { kind: 'ended', keyId };
    return { kind: 'platform', keyId, name: stored.name };
  }

  private tenant(credential: Credential, stored: StoredKey): Principal | EndedKey | undefined {
    const proven = secretMatches(this.settings.apiKeyPepper, credential.secret, stored.secretHash);
    if (!proven || stored.kind !== credential.kind) return undefined;
    const { keyId } = credential;
    const tenantId = toTenantId(stored.tenantId);
    if (hasEnded(stored)) return { kind: 'ended', keyId, tenantId };
    this.usage.note(tenantId, keyId);
    return {
      kind: 'tenant',
      tenantId,
      keyId,
      scopes: stored.scopes as Scope[],
      ingestToken: stored.kind === 'ingest_token',
      trustedSender: stored.trustedSender,
    };
  }

  /** Requests of one key share a query, and none waits for a database that hangs. */
  private lookUp({ kind, keyId }: Credential): Promise<Stored> {
    const name = `${kind}:${keyId}`;
    let asked = this.cache.get(name);
    if (asked === undefined) {
      asked = this.query(kind, keyId);
      this.cache.set(name, asked);
      asked.catch(() => this.cache.delete(name));
    }
    return withinTime(asked, this.settings.connectionTimeoutMs, databaseSlow);
  }

  private query(kind: Credential['kind'], keyId: string): Promise<Stored> {
    return this.pool.transaction(async (sql) => {
      if (kind === 'platform') {
        const platform = await resolvePlatformKey(sql, keyId);
        return platform === undefined ? { nothing: true } : { platform };
      }
      const key = await resolveApiKey(sql, keyId);
      return key === undefined ? { nothing: true } : { key };
    });
  }
}

function hasEnded({ revokedAt, expiresAt, tenantStatus }: StoredKey): boolean {
  const expired = expiresAt !== null && expiresAt <= new Date();
  return revokedAt !== null || expired || tenantStatus !== 'active';
}
