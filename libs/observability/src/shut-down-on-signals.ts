import type { Logger } from 'pino';
import type { Readiness } from './readiness.js';

interface Closable {
  close(): Promise<void>;
}

/**
 * Ends the process in order: readiness turns 503, serving goes on for `drainMs` so that load balancers notice, then
 * everything in flight finishes and the process exits 0. A second signal exits at once.
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
