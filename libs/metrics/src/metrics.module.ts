import { Module } from '@nestjs/common';
import { TenantsModule } from '@lib/tenants';
import { AudienceReader } from './application/audience/audience-reader.js';
import { AudienceService } from './application/audience/audience.service.js';
import { ConcentrationService } from './application/audience/concentration.service.js';
import { OverlapService } from './application/audience/overlap.service.js';
import { RefreshAudience } from './application/audience/refresh-audience.js';
import { ReturningService } from './application/audience/returning.service.js';
import { SubscribersService } from './application/audience/subscribers.service.js';
import { QuestionReader } from './application/question-reader.js';
import { RecentTenants } from './application/recent-tenants.js';
import { ReconcileAggregates } from './application/reconcile-aggregates.js';
import { RecountService } from './application/recount.service.js';
import { RefreshAggregates } from './application/refresh-aggregates.js';
import { RefreshMetricsDaily } from './application/refresh-metrics-daily.js';
import { SeriesService } from './application/series.service.js';
import { TopEpisodesService } from './application/top-episodes.service.js';
import { TotalsService } from './application/totals.service.js';
import { AudienceController } from './http/audience/audience.controller.js';
import { MetricsController } from './http/metrics.controller.js';

/** Keeps rollups up to date. */
@Module({
  providers: [RecentTenants, RefreshAggregates, RefreshMetricsDaily, RefreshAudience, ReconcileAggregates],
  exports: [RefreshAggregates, RefreshMetricsDaily, RefreshAudience, ReconcileAggregates],
})
export class MetricsModule {}

/** Answers questions from rollups. It needs none of the jobs that maintain them. */
@Module({
  imports: [TenantsModule],
  controllers: [MetricsController, AudienceController],
  providers: [
    QuestionReader,
    SeriesService,
    TotalsService,
    TopEpisodesService,
    RecountService,
    AudienceReader,
    AudienceService,
    OverlapService,
    ReturningService,
    ConcentrationService,
    SubscribersService,
  ],
})
export class MetricsHttpModule {}
