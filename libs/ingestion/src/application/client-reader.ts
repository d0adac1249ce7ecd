import { Injectable } from '@nestjs/common';
import type { TenantId } from '@lib/primitives';
import type { PrivacySettings } from '@lib/tenants';
import type { KnownNetwork } from '../domain/known-network.js';
import { NO_LISTENER, type ListenerIds } from '../domain/listener-ids.js';
import { addressPrecision } from '../domain/privacy/address-precision.js';
import { readConsent, type ConsentSignals } from '../domain/privacy/read-consent.js';
import { ListenerIdentifier } from './identify-listener.js';
import type { DayKeys } from './listener-keys.js';
import { NetworkReader, type NetworkOf } from './network-reader.js';
import { PrivacyPolicies } from './privacy/privacy-policies.js';

/** Who sends a request, while it is in memory. */
export interface Client {
  readonly address: string | undefined;
  /** Cleaned; empty for none. */
  readonly userAgent: string;
  /** When the request came, in milliseconds since 1970. */
  readonly atMs: number;
  readonly signals: ConsentSignals;
}

/** What may be kept of a client. */
export interface KnownClient {
  readonly network: KnownNetwork | null;
  /** None where the tenant's settings, or the request itself, forbid them. */
  readonly ids: ListenerIds;
  /**
   * Whether anything by which the client could be told from others may be kept, such as a session's id. Never without keys:
   * no erasure could find what then has no ids.
   */
  readonly isIdentifiable: boolean;
}

/** @param keys of the day of the request; undefined when they are not at hand */
export type ReadClient = (keys: DayKeys | undefined, client: Client) => KnownClient;

/**
 * Says what may be kept of those who send requests: what is known of their network, and ids as far as the tenant's privacy
 * settings and the request's own signals allow. The address goes no further than here.
 */
@Injectable()
export class ClientReader {
  private readonly identifier = new ListenerIdentifier();

  constructor(
    private readonly networks: NetworkReader,
    private readonly policies: PrivacyPolicies,
  ) {}

  /** @throws the database's error when neither it nor memory knows lists and settings */
  async forTenant(tenantId: TenantId): Promise<ReadClient> {
    const [networkOf, policy] = await Promise.all([
      this.networks.forTenant(tenantId),
      this.policies.ofTenant(tenantId),
    ]);
    return this.reader(networkOf, policy);
  }

  /** The same, for when nothing is known of networks: then every address may be one of the EEA. */
  async withoutNetworks(tenantId: TenantId): Promise<ReadClient> {
    return this.reader(() => null, await this.policies.ofTenant(tenantId));
  }

  private reader(networkOf: NetworkOf, policy: PrivacySettings): ReadClient {
    return (keys, { address, userAgent, atMs, signals }) => {
      const network = networkOf(address, atMs);
      const isIdentifiable = readConsent(signals, policy).identifiers;
      if (keys === undefined || !isIdentifiable) return { network, ids: NO_LISTENER, isIdentifiable: false };
      const precision = addressPrecision(network?.country ?? null, policy.euMode);
      return { network, ids: this.identifier.identify(keys, address, userAgent, precision), isIdentifiable };
    };
  }
}
