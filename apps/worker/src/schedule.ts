import { pollFeedsJob } from '@lib/catalog';
import {
  answerPrivacyRequestsJob,
  countDownloadsJob,
  destroyListenerKeysJob,
  detectInvalidTrafficJob,
  locateRequestsJob,
  recountRequestsJob,
  removeDownloadsJob,
} from '@lib/ingestion';
import {
  measureStorageJob,
  reconcileAggregatesJob,
  refreshAggregatesJob,
  refreshMetricsDailyJob,
  thinRollupsJob,
} from '@lib/metrics';
import type { JobDeclaration } from '@lib/queue';
import { enforceRetentionJob, ensurePartitionsJob } from '@lib/time-series';

/**
 * Every job of the product, most frequent first. When each is due, and how often a due time is tried, stands in its
 * declaration; which class does it, beside that class. A job that is not in this list does not run, and a handler whose
 * job is missing here fails the boot.
 */
export const SCHEDULE: readonly JobDeclaration[] = [
  countDownloadsJob,
  refreshAggregatesJob,
  refreshMetricsDailyJob,
  pollFeedsJob,
  recountRequestsJob,
  locateRequestsJob,
  detectInvalidTrafficJob,
  answerPrivacyRequestsJob,
  reconcileAggregatesJob,
  ensurePartitionsJob,
  enforceRetentionJob,
  thinRollupsJob,
  removeDownloadsJob,
  measureStorageJob,
  destroyListenerKeysJob,
];
