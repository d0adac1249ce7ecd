/** Events in: checked one by one, stored once, their listeners known only by keyed hashes. */
export { destroyListenerKeysJob } from './application/destroy-listener-keys.job.js';
export { BATCH_PATH } from './http/events.controller.js';
export { IngestionHttpModule, IngestionModule } from './ingestion.module.js';
