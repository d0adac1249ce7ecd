import { readProcessSettings, SettingsInvalid } from '@lib/config';
import { createLogger, exitWithParent, Readiness, shutDownOnSignals } from '@lib/observability';
import { createApi } from './create-api.js';

try {
  exitWithParent();
  const settings = readProcessSettings();
  const logger = createLogger(settings.logLevel);
  const app = await createApi(settings, logger);
  shutDownOnSignals(app, app.get(Readiness), settings.shutdownDrainMs, logger);
  await app.listen(settings.port, settings.bindAddress);
  logger.info({ port: settings.port }, 'api is listening');
} catch (error) {
  process.stderr.write(
    `${error instanceof SettingsInvalid ? error.message : String((error as Error).stack)}\n`,
  );
  process.exit(1);
}
