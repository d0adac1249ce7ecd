/** What a process says about itself: logs, metrics, health, and an orderly end. */
export { createLogger, describeError, LOGGER, NestLogger } from './logger.js';
export { exitWithParent } from './exit-with-parent.js';
export { VERSION } from './health.controller.js';
export { LoggerModule } from './logger.module.js';
export { ObservabilityModule } from './observability.module.js';
export { observeRequests } from './observe-requests.js';
export { Readiness, type Check, type CheckResult } from './readiness.js';
export { shutDownOnSignals } from './shut-down-on-signals.js';
export { durabilityFaults, schemaEngine, startupFaults } from './startup-faults.sql.js';
