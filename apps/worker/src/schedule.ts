import { pollFeedsJob } from '@lib/catalog';
import {
  answerPrivacyRequestsJob,
  countDownloadsJob,
  destroyListenerKeysJob,
  detectInvalidTrafficJob,
  locateRequestsJob,
  nameAgentsJob,
  recountRequestsJob,
  removeDownloadsJob,
} from '@lib/ingestion';
import {
  detectAnomaliesJob,
  reconcileAggregatesJob,
  refreshAggregatesJob,
  refreshDimensionsJob,
  refreshListeningJob,
  refreshMetricsDailyJob,
  refreshReleaseCurvesJob,
  expireExportsJob,
  runExportsJob,
  refreshAudienceJob,
  measureStorageJob,
  thinRollupsJob,
} from '@lib/metrics';
import type { JobDeclaration } from '@lib/queue';
import {
  compressRawEventsJob,
  enforceRetentionJob,
  ensurePartitionsJob,
  refreshEngineAggregatesJob,
} from '@lib/time-series';

/**
 * Every job of the product, most frequent first. When each is due, and how often a due time is tried, stands in its
 * declaration; which class does it, beside that class. A job that is not in this list does not run, and a handler whose
 * job is missing here fails the boot.
 */
export const SCHEDULE: readonly JobDeclaration[] = [
  countDownloadsJob,
  refreshAggregatesJob,
  nameAgentsJob,
  refreshListeningJob,
  refreshDimensionsJob,
  runExportsJob,
  refreshEngineAggregatesJob,
  refreshMetricsDailyJob,
  refreshReleaseCurvesJob,
  refreshAudienceJob,
  pollFeedsJob,
  recountRequestsJob,
  locateRequestsJob,
  detectInvalidTrafficJob,
  answerPrivacyRequestsJob,
  reconcileAggregatesJob,
  detectAnomaliesJob,
  expireExportsJob,
  ensurePartitionsJob,
  enforceRetentionJob,
  compressRawEventsJob,
  thinRollupsJob,
  removeDownloadsJob,
  measureStorageJob,
  destroyListenerKeysJob,
];
