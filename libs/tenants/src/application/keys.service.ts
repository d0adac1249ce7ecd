import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import type { Scope } from '@lib/http';
import { DomainError } from '@lib/primitives';
import { hashSecret, mintCredential } from '../domain/credential.js';
import { insertApiKey, listApiKeys, revokeApiKey, type ApiKeyRow } from '../infrastructure/api-keys.sql.js';

export interface KeyRequest {
  kind: 'secret' | 'ingest_token';
  name: string;
  scopes: readonly Scope[];
  trustedSender: boolean;
  expiresAt: Date | null;
}

/** Keys of the current tenant. Every method needs an open `TenantDb.run`. */
@Injectable()
export class KeysService {
  constructor(
    private readonly db: TenantDb,
    private readonly settings: Settings,
  ) {}

  /**
   * Mints a key. `credential` is its only showing: what is stored cannot bring it back.
   * @throws DomainError `invalid_scopes` when an ingest token asks for more than to write events.
   */
  async create(request: KeyRequest): Promise<ApiKeyRow & { credential: string }> {
    const scopesOfToken = request.scopes.length === 1 && request.scopes[0] === 'ingest';
    if (request.kind === 'ingest_token' && (!scopesOfToken || request.trustedSender)) {
      throw new DomainError(
        'invalid_scopes',
        400,
        "An ingest token is public: its scopes are ['ingest'] and it is never a trusted sender.",
        {
          field: 'scopes',
        },
      );
    }
    const { tenantId, sql } = this.db.current;
    const credential = mintCredential(request.kind);
    const row = await insertApiKey(sql, tenantId, {
      ...request,
      keyId: credential.keyId,
      secretHash: hashSecret(this.settings.apiKeyPepper, credential.secret),
    });
    return { ...row, credential: credential.text };
  }

  /** Every key, revoked ones included. */
  list(): Promise<ApiKeyRow[]> {
    return listApiKeys(this.db.current.sql, this.db.current.tenantId);
  }

  /** Ends a key; every instance stops accepting it within 5 seconds. @throws DomainError `key_not_found` (404). */
  async revoke(keyId: string): Promise<ApiKeyRow> {
    const row = await revokeApiKey(this.db.current.sql, this.db.current.tenantId, keyId);
    if (row === undefined)
      throw new DomainError('key_not_found', 404, 'This tenant has no key with that id.');
    return row;
  }
}
