import { Module } from '@nestjs/common';
import { TenantsModule } from '@lib/tenants';
import { EventsService } from './application/exports/events.service.js';
import { ExpireExports } from './application/exports/expire-exports.js';
import { ExportFilesService } from './application/exports/export-files.service.js';
import { ExportQuestionReader } from './application/exports/export-question.js';
import { ExportsService } from './application/exports/exports.service.js';
import { RunExports } from './application/exports/run-exports.js';
import { StreamTableService } from './application/exports/stream-table.service.js';
import { TableReader } from './application/exports/table-reader.js';
import { QuestionReader } from './application/question-reader.js';
import { RecentTenants } from './application/recent-tenants.js';
import { ReconcileAggregates } from './application/reconcile-aggregates.js';
import { RecountService } from './application/recount.service.js';
import { RefreshAggregates } from './application/refresh-aggregates.js';
import { RefreshMetricsDaily } from './application/refresh-metrics-daily.js';
import { SeriesService } from './application/series.service.js';
import { TopEpisodesService } from './application/top-episodes.service.js';
import { TotalsService } from './application/totals.service.js';
import { RawEventsController } from './http/exports/events.controller.js';
import { ExportFilesController } from './http/exports/export-files.controller.js';
import { ExportsController } from './http/exports/exports.controller.js';
import { MetricsController } from './http/metrics.controller.js';

/** Keeps rollups up to date. */
@Module({
  providers: [
    RecentTenants,
    RefreshAggregates,
    RefreshMetricsDaily,
    ReconcileAggregates,
    TableReader,
    RunExports,
    ExpireExports,
  ],
  exports: [RefreshAggregates, RefreshMetricsDaily, ReconcileAggregates, RunExports],
})
export class MetricsModule {}

/** Answers questions from rollups. It needs none of the jobs that maintain them. */
@Module({
  imports: [TenantsModule],
  controllers: [MetricsController, RawEventsController, ExportsController, ExportFilesController],
  providers: [
    QuestionReader,
    SeriesService,
    TotalsService,
    TopEpisodesService,
    RecountService,
    EventsService,
    ExportQuestionReader,
    ExportsService,
    ExportFilesService,
    StreamTableService,
    TableReader,
  ],
})
export class MetricsHttpModule {}
