import { Module } from '@nestjs/common';
import { TenantsModule } from '@lib/tenants';
import { RetentionService } from './application/listening/retention.service.js';
import { QuestionReader } from './application/question-reader.js';
import { RecentTenants } from './application/recent-tenants.js';
import { ReconcileAggregates } from './application/reconcile-aggregates.js';
import { RecountService } from './application/recount.service.js';
import { RefreshAggregates } from './application/refresh-aggregates.js';
import { RefreshMetricsDaily } from './application/refresh-metrics-daily.js';
import { ThinRollups } from './application/retention/thin-rollups.js';
import { SeriesService } from './application/series.service.js';
import { TopEpisodesService } from './application/top-episodes.service.js';
import { TotalsService } from './application/totals.service.js';
import { RetentionController } from './http/listening/retention.controller.js';
import { MeasureStorage } from './application/usage/measure-storage.js';
import { UsageService } from './application/usage/usage.service.js';
import { MetricsController } from './http/metrics.controller.js';
import { AdminUsageController, UsageController } from './http/usage/usage.controller.js';

/** Keeps rollups up to date, fewer as they grow old, and measures what they take. */
@Module({
  imports: [TenantsModule],
  providers: [
    RecentTenants,
    RefreshAggregates,
    RefreshMetricsDaily,
    ReconcileAggregates,
    ThinRollups,
    MeasureStorage,
  ],
  exports: [RefreshAggregates, RefreshMetricsDaily, ReconcileAggregates, ThinRollups, MeasureStorage],
})
export class MetricsModule {}

/** Answers questions from rollups. It needs none of the jobs that maintain them. */
@Module({
  imports: [TenantsModule],
  controllers: [MetricsController, RetentionController, UsageController, AdminUsageController],
  providers: [
    QuestionReader,
    SeriesService,
    TotalsService,
    TopEpisodesService,
    RecountService,
    RetentionService,
    UsageService,
  ],
})
export class MetricsHttpModule {}
