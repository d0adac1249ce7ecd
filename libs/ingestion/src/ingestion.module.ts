import { Module } from '@nestjs/common';
import { TimeSeriesModule } from '@lib/time-series';
import { AgentLists } from './application/agent-lists.js';
import { AgentReader } from './application/agent-reader.js';
import { BackfillService } from './application/backfill.service.js';
import { CountDownloads } from './application/count-downloads.js';
import { DestroyListenerKeys } from './application/destroy-listener-keys.js';
import { IngestService } from './application/ingest.service.js';
import { LogImportService } from './application/log-import/import-log.service.js';
import { ListenerKeys } from './application/listener-keys.js';
import { RuleSetsService } from './application/rule-sets.service.js';
import { EventsController } from './http/events.controller.js';

@Module({ providers: [ListenerKeys], exports: [ListenerKeys] })
class ListenerKeysModule {}

/** Upkeep and history: what the worker and the command line need. */
@Module({
  imports: [ListenerKeysModule, TimeSeriesModule],
  providers: [
    DestroyListenerKeys,
    BackfillService,
    LogImportService,
    CountDownloads,
    RuleSetsService,
    AgentReader,
    AgentLists,
  ],
  exports: [BackfillService, LogImportService, CountDownloads],
})
export class IngestionModule {}

/** The edge: events in over HTTP. */
@Module({ imports: [ListenerKeysModule], controllers: [EventsController], providers: [IngestService] })
export class IngestionHttpModule {}
