import type { CommandIo } from '../command-io.js';
import { createNetwork } from './create-network.js';
import { compareWays } from './compare-ways.js';
import { measureEventSizes } from './measure-event-sizes.js';
import { sustainLoad } from './sustain-load.js';
import { withBenchProduct } from './with-bench-product.js';
import type { IngestBenchOptions } from './ingest-bench-options.js';

const EPISODES = 200;

/**
 * Measures how fast events get in through the API, beside a bare PostgreSQL client and COPY; whether the API's memory
 * stays flat; and how many bytes an event takes.
 * @throws CommandFailed when the number of stored rows differs from the number of acknowledged events
 */
export function benchIngest(io: CommandIo, options: IngestBenchOptions): Promise<void> {
  return withBenchProduct(io, async (product) => {
    const network = await createNetwork(product, EPISODES);
    await compareWays(io, product, network, options);
    if (options.seconds > 0) await sustainLoad(io, product, network, options);
    await measureEventSizes(io, product, network, options);
  });
}
