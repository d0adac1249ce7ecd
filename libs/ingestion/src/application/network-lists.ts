import { gunzipSync } from 'node:zlib';
import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool } from '@lib/database';
import { openCountryLookup } from '../infrastructure/country-lookup.js';
import { activeList, listContent } from '../infrastructure/lists.sql.js';
import { parseNetworks } from '../infrastructure/parse-networks.js';
import { NetworkLookup } from './network-lookup.js';

/** How late an edge may notice that the operator put another file in force. */
const POLL_MS = 60_000;

/**
 * The networks that are in force now, in memory. Looked for again every minute while they are asked for; another version
 * takes the place of the old one at once and as a whole, and until it is ready, or while the database is away, the old
 * one answers.
 */
@Injectable()
export class NetworkLists {
  private lookup: NetworkLookup | undefined;
  private refreshing: Promise<NetworkLookup> | undefined;
  private lookedAtMs = 0;
  private countryOf: ((address: string) => string | null) | undefined;

  constructor(@Inject(APP_POOL) private readonly pool: RolePool) {}

  /** @throws the database's error when there is nothing in memory yet */
  async current(): Promise<NetworkLookup> {
    const isDue = Date.now() - this.lookedAtMs >= POLL_MS;
    if (this.lookup !== undefined) {
      // Nobody waits for it; what goes wrong is tried again a minute later.
      if (isDue) this.refresh().catch(() => undefined);
      return this.lookup;
    }
    return this.refresh();
  }

  /** Looks for another version now. Calls that meet share one look. */
  refresh(): Promise<NetworkLookup> {
    this.lookedAtMs = Date.now();
    return (this.refreshing ??= this.load().finally(() => (this.refreshing = undefined)));
  }

  private async load(): Promise<NetworkLookup> {
    const active = await this.pool.transaction(async (sql) => {
      const version = await activeList(sql, 'networks');
      if (version === undefined || version === this.lookup?.version) return { version, content: undefined };
      return { version, content: await listContent(sql, 'networks', version) };
    });
    if (this.lookup !== undefined && active.version === (this.lookup.version ?? undefined))
      return this.lookup;
    const blocks = active.content === undefined ? [] : await parseNetworks(gunzipSync(active.content));
    this.countryOf ??= openCountryLookup();
    return (this.lookup = new NetworkLookup(active.version ?? null, blocks, this.countryOf));
  }
}
