import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { APP_POOL, databaseUnavailable, RolePool, tenantContext } from '@lib/database';
import { LOGGER, Readiness } from '@lib/observability';
import { MINUTE_MS, withinTime, type TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { PublicKind } from '../../domain/receipt.js';
import { podcastHosts } from '../../infrastructure/podcast-hosts.sql.js';
import { listHandles, resolveHandle, type HandleRow } from '../../infrastructure/public-handles.sql.js';
import { ClientReader } from '../client-reader.js';
import { EdgeKeys } from './edge-keys.js';

/** What a public handle leads to, as far as an edge has to know. */
export interface Place {
  readonly kind: PublicKind;
  readonly handle: string;
  readonly tenantId: TenantId;
  /** The podcast. */
  readonly targetId: string;
  /** Suspended tenants' listeners are sent on, and not recorded. */
  readonly active: boolean;
  /** Where a redirect may lead. */
  readonly hosts: ReadonlySet<string>;
  /** Milliseconds since 1970. */
  readonly readAt: number;
}

const REFRESH_MS = 5 * MINUTE_MS;
const RETRY_MS = 1_000;
/** For how long a listener may wait for a handle that is not in memory. */
const LOOK_UP_MS = 150;
/** A handle that does not exist is not asked for again, and a place is not read again, for so long. */
const UNKNOWN_MS = 10_000;
/** Looks-up under way at a time: guesses at handles must not crowd out what the connections are for. */
const LOOK_UPS = 2;

/**
 * All public handles with their hosts, in memory: an answer to a listener never waits for the database. Read when the
 * process starts, which is not ready before, and every 5 minutes; what is new in between is looked up.
 */
@Injectable()
export class PublicDirectory implements OnApplicationBootstrap, OnModuleDestroy {
  private places = new Map<string, Place>();
  private readonly unknown = new LRUCache<string, true>({ max: 10_000, ttl: UNKNOWN_MS });
  private readonly lookUps = new Map<string, Promise<Place | undefined>>();
  private timer: NodeJS.Timeout | undefined;
  private loaded = false;
  private stopped = false;

  constructor(
    @Inject(APP_POOL) private readonly pool: RolePool,
    private readonly keys: EdgeKeys,
    private readonly clients: ClientReader,
    private readonly readiness: Readiness,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.readiness.gateStartup('the public handles and their keys', () => this.loaded);
    void this.keepFresh();
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** What the handle leads to, as far as memory knows. */
  find(kind: PublicKind, handle: string): Place | undefined {
    return this.places.get(nameOf(kind, handle));
  }

  /** Asks the database once, and not for long. Undefined when there is no such handle, or no answer in time. */
  lookUp(kind: PublicKind, handle: string): Promise<Place | undefined> {
    const name = nameOf(kind, handle);
    if (this.unknown.has(name)) return Promise.resolve(undefined);
    const underWay = this.lookUps.get(name) ?? this.beginLookUp(kind, handle);
    if (underWay === undefined) return Promise.resolve(undefined);
    return withinTime(underWay, LOOK_UP_MS, () => new Error('late')).catch(() => undefined);
  }

  /** The place as it is now, if it was read some while ago; undefined when there is nothing newer to be had. */
  async recheck(place: Place): Promise<Place | undefined> {
    return Date.now() - place.readAt < UNKNOWN_MS ? undefined : this.lookUp(place.kind, place.handle);
  }

  /** Reads everything anew. @throws the database's error; what is in memory stays */
  async refresh(): Promise<void> {
    const readAt = Date.now();
    const rows = await this.pool.transaction((sql) => listHandles(sql, 'redirect'));
    const byTenant = new Map<TenantId, HandleRow[]>();
    for (const row of rows) {
      const handles = byTenant.get(row.tenantId);
      if (handles === undefined) byTenant.set(row.tenantId, [row]);
      else handles.push(row);
    }
    const places = new Map<string, Place>();
    for (const [tenantId, handles] of byTenant) {
      const hosts = await this.pool.transaction(
        (sql) => podcastHosts(sql, tenantId),
        tenantContext(tenantId),
      );
      await this.warmClients(tenantId);
      for (const row of handles) places.set(nameOf('redirect', row.handle), placeOf(row, hosts, readAt));
    }
    await this.keys.refresh(byTenant.keys(), new Date());
    // What was looked up in the meantime is newer.
    for (const [name, place] of this.places) if (place.readAt >= readAt) places.set(name, place);
    this.places = places;
    this.loaded = true;
  }

  /**
   * The tenant's privacy settings and what addresses are asked against come into memory too. A list that cannot be read
   * stops no listener.
   */
  private async warmClients(tenantId: TenantId): Promise<void> {
    try {
      await this.clients.withoutNetworks(tenantId);
      await this.clients.forTenant(tenantId);
    } catch (error) {
      if (databaseUnavailable(error)) throw error;
      this.logger.error({ err: error, tenantId }, 'what is known of networks cannot be read');
    }
  }

  private async keepFresh(): Promise<void> {
    let next = REFRESH_MS;
    try {
      await this.refresh();
    } catch (error) {
      this.logger.warn({ err: error }, 'the public handles could not be read');
      next = RETRY_MS;
    }
    if (!this.stopped) this.timer = setTimeout(() => void this.keepFresh(), next).unref();
  }

  private beginLookUp(kind: PublicKind, handle: string): Promise<Place | undefined> | undefined {
    if (this.lookUps.size >= LOOK_UPS) return undefined;
    const name = nameOf(kind, handle);
    const looking = this.read(kind, handle).finally(() => this.lookUps.delete(name));
    this.lookUps.set(name, looking);
    return looking;
  }

  private async read(kind: PublicKind, handle: string): Promise<Place | undefined> {
    const name = nameOf(kind, handle);
    const readAt = Date.now();
    const row = await this.pool.transaction((sql) => resolveHandle(sql, kind, handle));
    if (row === undefined) {
      this.unknown.set(name, true);
      this.places.delete(name);
      return undefined;
    }
    const { tenantId, targetId } = row;
    const hosts = await this.pool.transaction(
      (sql) => podcastHosts(sql, tenantId, targetId),
      tenantContext(tenantId),
    );
    const place = placeOf(row, hosts, readAt);
    this.places.set(name, place);
    return place;
  }
}

function nameOf(kind: PublicKind, handle: string): string {
  return `${kind}:${handle}`;
}

function placeOf(
  { handle, tenantId, targetId, tenantStatus }: HandleRow,
  hosts: ReadonlyMap<string, ReadonlySet<string>>,
  readAt: number,
): Place {
  const active = tenantStatus === 'active';
  return {
    kind: 'redirect',
    handle,
    tenantId,
    targetId,
    active,
    hosts: hosts.get(targetId) ?? NO_HOSTS,
    readAt,
  };
}

const NO_HOSTS: ReadonlySet<string> = new Set();
