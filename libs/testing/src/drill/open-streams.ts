import { EventSource } from './event-source.js';
import { SeededRandom } from './seeded-random.js';
import type { TenantWithKeys } from './set-up-tenants.js';
import { Stream } from './stream.js';

/** Two streams a tenant: a CDN's, which is trusted, and a player's. Each shares identities with the next tenant's. */
export function openStreams(tenants: readonly TenantWithKeys[], seed: number): Stream[] {
  const streamsOf = (trusted: boolean) => {
    const streams = tenants.map(({ tenant, trustedKey, playerKey }, index) => {
      const other = tenants[(index + 1) % tenants.length]?.tenant ?? tenant;
      const label = `${trusted ? 'cdn' : 'player'} ${index}`;
      const source = new EventSource(new SeededRandom(seed, `${label} events`), tenant, other, trusted);
      return new Stream(trusted ? trustedKey : playerKey, source, new SeededRandom(seed, `${label} batches`));
    });
    for (const [index, stream] of streams.entries()) stream.neighbour = streams[(index + 1) % streams.length];
    return streams;
  };
  return [...streamsOf(true), ...streamsOf(false)];
}
