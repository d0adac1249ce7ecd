/** Events in: checked one by one, stored once, their listeners known only by keyed hashes. */
export { destroyListenerKeysJob } from './application/destroy-listener-keys.job.js';
export { CountDownloads } from './application/count-downloads.js';
export { countDownloadsJob } from './application/count-downloads.job.js';
export { BackfillService } from './application/backfill.service.js';
export { LogImportService } from './application/log-import/import-log.service.js';
export type { LogFile, LogImportOptions, LogImportReport } from './application/log-import/log-import.js';
export { BATCH_PATH } from './http/events.controller.js';
export type { EventInput } from './domain/event-input.js';
export { IngestionHttpModule, IngestionModule } from './ingestion.module.js';
