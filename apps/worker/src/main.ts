import { readProcessSettings, SettingsInvalid } from '@lib/config';
import { createLogger, exitWithParent, Readiness, shutDownOnSignals } from '@lib/observability';
import { createWorker } from './create-worker.js';

/** No load balancer sends work here, so there is none to wait for. */
const DRAIN_MS = 0;

try {
  exitWithParent();
  const settings = readProcessSettings();
  const logger = createLogger(settings.logLevel);
  const app = await createWorker(settings, logger);
  shutDownOnSignals(app, app.get(Readiness), DRAIN_MS, logger);
  await app.listen(settings.workerPort, settings.bindAddress);
  logger.info({ port: settings.workerPort }, 'worker is listening');
} catch (error) {
  process.stderr.write(
    `${error instanceof SettingsInvalid ? error.message : String((error as Error).stack)}\n`,
  );
  process.exit(1);
}
