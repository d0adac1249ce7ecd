import { Module } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantsModule } from '@lib/tenants';
import { RefreshListening } from './application/listening/refresh-listening.js';
import { RetentionService } from './application/listening/retention.service.js';
import { AlertsService } from './application/anomalies/alerts.service.js';
import { DetectAnomalies } from './application/anomalies/detect-anomalies.js';
import { EventsService } from './application/exports/events.service.js';
import { ExpireExports } from './application/exports/expire-exports.js';
import { ExportFilesService } from './application/exports/export-files.service.js';
import { ExportQuestionReader } from './application/exports/export-question.js';
import { ExportsService } from './application/exports/exports.service.js';
import { RunExports } from './application/exports/run-exports.js';
import { StreamTableService } from './application/exports/stream-table.service.js';
import { TableReader } from './application/exports/table-reader.js';
import { AudienceReader } from './application/audience/audience-reader.js';
import { AudienceService } from './application/audience/audience.service.js';
import { ConcentrationService } from './application/audience/concentration.service.js';
import { OverlapService } from './application/audience/overlap.service.js';
import { RefreshAudience } from './application/audience/refresh-audience.js';
import { ReturningService } from './application/audience/returning.service.js';
import { SubscribersService } from './application/audience/subscribers.service.js';
import { RefreshDimensions } from './application/query/refresh-dimensions.js';
import { ListenersQueryService } from './application/query/listeners-query.service.js';
import { MetricsQueryService } from './application/query/metrics-query.service.js';
import { QueryCursors } from './application/query/query-cursors.js';
import { QuestionReader } from './application/question-reader.js';
import { RecentTenants } from './application/recent-tenants.js';
import { ReconcileAggregates } from './application/reconcile-aggregates.js';
import { RecountService } from './application/recount.service.js';
import { RefreshAggregates } from './application/refresh-aggregates.js';
import { RefreshMetricsDaily } from './application/refresh-metrics-daily.js';
import { BackCatalogueService } from './application/releases/back-catalogue.service.js';
import { CurveFrame } from './application/releases/curve-frame.js';
import { ForecastService } from './application/releases/forecast.service.js';
import { RefreshReleaseCurves } from './application/releases/refresh-release-curves.js';
import { ReleaseCurveService } from './application/releases/release-curve.service.js';
import { ReleasesService } from './application/releases/releases.service.js';
import { ThinDerived } from './application/retention/thin-derived.js';
import { ThinRollups } from './application/retention/thin-rollups.js';
import { MeasureStorage } from './application/usage/measure-storage.js';
import { UsageService } from './application/usage/usage.service.js';
import { AdminUsageController, UsageController } from './http/usage/usage.controller.js';
import { SeriesService } from './application/series.service.js';
import { TopEpisodesService } from './application/top-episodes.service.js';
import { TotalsService } from './application/totals.service.js';
import { RetentionController } from './http/listening/retention.controller.js';
import { AlertsController } from './http/anomalies/alerts.controller.js';
import { RawEventsController } from './http/exports/events.controller.js';
import { ExportFilesController } from './http/exports/export-files.controller.js';
import { ExportsController } from './http/exports/exports.controller.js';
import { AudienceController } from './http/audience/audience.controller.js';
import { MetricsQueryController } from './http/query/metrics-query.controller.js';
import { MetricsController } from './http/metrics.controller.js';
import { ReleasesController } from './http/releases/releases.controller.js';
import { LiveFeeds } from './application/live/live-feeds.js';
import { LiveTotals } from './application/live/live-totals.js';
import { AnswerCache } from './application/serving/answer-cache.js';
import { RollupStates } from './application/serving/rollup-states.js';
import { LiveController } from './http/live/live.controller.js';
import { LiveStreams } from './http/live/live-streams.js';
import { CachedAnswerInterceptor } from './http/serving/cached-answer.interceptor.js';

const JOBS = [
  RefreshAggregates,
  RefreshListening,
  RefreshDimensions,
  RefreshMetricsDaily,
  RefreshReleaseCurves,
  RefreshAudience,
  DetectAnomalies,
  ReconcileAggregates,
  RunExports,
  ExpireExports,
  ThinRollups,
  MeasureStorage,
];

/** Keeps rollups up to date, fewer as they grow old, and measures what they take. */
@Module({
  imports: [TenantsModule],
  providers: [RecentTenants, TableReader, ThinDerived, ...JOBS],
  exports: JOBS,
})
export class MetricsModule {}

/** Answers questions from rollups. It needs none of the jobs that maintain them. */
@Module({
  imports: [TenantsModule],
  controllers: [
    MetricsController,
    MetricsQueryController,
    RetentionController,
    ReleasesController,
    AlertsController,
    RawEventsController,
    ExportsController,
    ExportFilesController,
    AudienceController,
    UsageController,
    AdminUsageController,
    LiveController,
  ],
  providers: [
    QuestionReader,
    SeriesService,
    TotalsService,
    TopEpisodesService,
    RecountService,
    RetentionService,
    CurveFrame,
    ReleasesService,
    ReleaseCurveService,
    BackCatalogueService,
    ForecastService,
    AlertsService,
    EventsService,
    ExportQuestionReader,
    ExportsService,
    ExportFilesService,
    StreamTableService,
    TableReader,
    AudienceReader,
    AudienceService,
    OverlapService,
    ReturningService,
    ConcentrationService,
    SubscribersService,
    UsageService,
    MetricsQueryService,
    ListenersQueryService,
    QueryCursors,
    RollupStates,
    {
      provide: AnswerCache,
      inject: [Settings, RollupStates],
      useFactory: ({ metricsCacheBytes, metricsFreshMs }: Settings, states: RollupStates) =>
        new AnswerCache(metricsCacheBytes, metricsFreshMs, (tenantId, origin) =>
          states.now(tenantId, origin),
        ),
    },
    CachedAnswerInterceptor,
    LiveTotals,
    LiveFeeds,
    LiveStreams,
  ],
  exports: [CachedAnswerInterceptor],
})
export class MetricsHttpModule {}
