import type { Logger } from 'pino';
import type { Readiness } from './readiness.js';

/** How long requests and jobs that are under way may take to end. Below the 30 seconds that orchestrators wait. */
const CLOSE_MS = 20_000;

interface Closable {
  close(): Promise<void>;
}

/**
 * Ends the process in order: readiness turns 503, serving goes on for `drainMs` so that load balancers notice, then
 * everything in flight finishes and the process exits 0, or 1 when that takes longer than 20 seconds. A second signal
 * exits at once.
 */
export function shutDownOnSignals(
  app: Closable,
  readiness: Readiness,
  drainMs: number,
  logger: Logger,
): void {
  let closing = false;
  const close = async (signal: string): Promise<void> => {
    if (closing) process.exit(1);
    closing = true;
    // A database that hangs would keep `app.close()` waiting for ever.
    setTimeout(() => {
      logger.error('not stopped in time: ending at once');
      process.exit(1);
    }, drainMs + CLOSE_MS).unref();
    readiness.drain();
    logger.info({ signal, drainMs }, 'shutting down');
    await new Promise((resolve) => setTimeout(resolve, drainMs));
    await app.close();
    logger.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      close(signal).catch((error: unknown) => {
        logger.error({ err: error }, 'shutdown failed');
        process.exit(1);
      });
    });
  }
}
