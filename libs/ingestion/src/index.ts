/** Events in: checked one by one, stored once, their listeners known only by keyed hashes. */
export { destroyListenerKeysJob } from './application/destroy-listener-keys.job.js';
export { CountDownloads } from './application/count-downloads.js';
export { countDownloadsJob } from './application/count-downloads.job.js';
export { RecountRequests } from './application/recount-requests.js';
export { recountRequestsJob } from './application/recount-requests.job.js';
export { BackfillService } from './application/backfill.service.js';
export { TrackingReceiver } from './application/redirect/tracking-receiver.js';
export { isRedirect, routedUrl } from './http/redirect.controller.js';
export { BATCH_PATH } from './http/events.controller.js';
export type { EventInput } from './domain/event-input.js';
export { IngestionHttpModule, IngestionModule } from './ingestion.module.js';
export { countRequests } from './domain/counting/count-requests.js';
export { DEFAULT_COUNTING_RULES } from './domain/counting/counting-rules.js';
export type { DownloadRequest } from './domain/counting/download-request.js';
