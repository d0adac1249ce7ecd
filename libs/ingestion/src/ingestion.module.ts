import { Module, type DynamicModule } from '@nestjs/common';
import { TenantsModule } from '@lib/tenants';
import { TimeSeriesModule } from '@lib/time-series';
import { AddressLists } from './application/address-lists.js';
import { UnknownAgentsService } from './application/unknown-agents.service.js';
import { AgentOverridesService } from './application/agent-overrides.service.js';
import { AgentLists } from './application/agent-lists.js';
import { AgentNames } from './application/agent-names.js';
import { AgentReader } from './application/agent-reader.js';
import { ClientReader } from './application/client-reader.js';
import { BackfillService } from './application/backfill.service.js';
import { CountDownloads } from './application/count-downloads.js';
import { RemoveDownloads } from './application/download-retention/remove-downloads.js';
import { DestroyListenerKeys } from './application/destroy-listener-keys.js';
import { ExplainService } from './application/explain.service.js';
import { DetectInvalidTraffic } from './application/invalid-traffic/detect-invalid-traffic.js';
import { QuarantinesService } from './application/invalid-traffic/quarantines.service.js';
import { IngestService } from './application/ingest.service.js';
import { ListsService } from './application/lists.service.js';
import { LocateRequests } from './application/locate-requests.js';
import { NameAgents } from './application/name-agents.js';
import { LogImportService } from './application/log-import/import-log.service.js';
import { ImportsService } from './application/log-import/imports.service.js';
import { ListenerKeys } from './application/listener-keys.js';
import { NetworkReader } from './application/network-reader.js';
import { NetworkLists } from './application/network-lists.js';
import { AnswerPrivacyRequests } from './application/privacy/answer-privacy-requests.js';
import { ErasureLedger } from './application/privacy/erasure-ledger.js';
import { PrivacyPolicies } from './application/privacy/privacy-policies.js';
import { ListenerExportsService } from './application/privacy/listener-exports.service.js';
import { PrivacyRequestsService } from './application/privacy/privacy-requests.service.js';
import { RecountRequests } from './application/recount-requests.js';
import { RecountsService } from './application/recounts.service.js';
import { RuleSetsService } from './application/rule-sets.service.js';
import { EdgeKeys } from './application/redirect/edge-keys.js';
import { PublicDirectory } from './application/redirect/public-directory.js';
import { ReceiptRecorder } from './application/redirect/receipt-recorder.js';
import { RedirectService } from './application/redirect/redirect.service.js';
import { TrackingReceiver } from './application/redirect/tracking-receiver.js';
import { RuleEffectsService } from './application/rule-effects.js';
import { ReconciliationService } from './application/reconciliation.service.js';
import { SnapshotsService } from './application/snapshots.service.js';
import { AddressListsService } from './application/address-lists.service.js';
import { MethodologyService } from './application/methodology.service.js';
import { EventsController } from './http/events.controller.js';
import { ExplainController } from './http/explain.controller.js';
import { QuarantinesController } from './http/quarantines.controller.js';
import { ImportsController } from './http/imports.controller.js';
import { ListenerExportsController } from './http/listener-exports.controller.js';
import { PrivacyRequestsController } from './http/privacy-requests.controller.js';
import { RecountsController } from './http/recounts.controller.js';
import { RedirectController } from './http/redirect.controller.js';
import { RuleSetsController } from './http/rule-sets.controller.js';
import { ReconciliationsController } from './http/reconciliations.controller.js';
import { SnapshotsController } from './http/snapshots.controller.js';
import { UnknownAgentsController } from './http/unknown-agents.controller.js';
import { AgentOverridesController } from './http/agent-overrides.controller.js';
import { AddressListsController } from './http/address-lists.controller.js';
import { MethodologyController } from './http/methodology.controller.js';

@Module({ providers: [ListenerKeys], exports: [ListenerKeys] })
class ListenerKeysModule {}

/** By what is counted: rule sets, the lists that they name, and what is known of addresses. */
@Module({
  providers: [
    AgentLists,
    AgentReader,
    RuleSetsService,
    NetworkLists,
    AddressLists,
    NetworkReader,
    PrivacyPolicies,
    ClientReader,
  ],
  exports: [AgentLists, AgentReader, RuleSetsService, ClientReader],
})
class RulesModule {}

/** Names of agents, for other features. */
@Module({ imports: [RulesModule], providers: [AgentNames] })
export class AgentNamesModule {
  /** Provides them to every module, under the token of whoever asks for them. */
  static under(token: symbol): DynamicModule {
    return {
      module: AgentNamesModule,
      global: true,
      providers: [{ provide: token, useExisting: AgentNames }],
      exports: [token],
    };
  }
}

/** Access logs in: by command and over HTTP. */
@Module({
  imports: [ListenerKeysModule, RulesModule, TimeSeriesModule],
  providers: [LogImportService],
  exports: [LogImportService],
})
class LogImportModule {}

/** Counting, upkeep and history: what the worker and the command line need. */
@Module({
  imports: [ListenerKeysModule, RulesModule, LogImportModule, TimeSeriesModule, TenantsModule],
  providers: [
    DestroyListenerKeys,
    RemoveDownloads,
    BackfillService,
    CountDownloads,
    RecountRequests,
    LocateRequests,
    NameAgents,
    DetectInvalidTraffic,
    ListsService,
    AnswerPrivacyRequests,
    ErasureLedger,
  ],
  exports: [
    BackfillService,
    LogImportModule,
    CountDownloads,
    RecountRequests,
    LocateRequests,
    NameAgents,
    DetectInvalidTraffic,
    RemoveDownloads,
    ListsService,
    ErasureLedger,
  ],
})
export class IngestionModule {}

/** The edge: events in over HTTP, listeners sent on to the files they ask for, and what was counted. */
@Module({
  imports: [ListenerKeysModule, RulesModule, LogImportModule, TenantsModule],
  controllers: [
    EventsController,
    RedirectController,
    RuleSetsController,
    RecountsController,
    ExplainController,
    QuarantinesController,
    ImportsController,
    ReconciliationsController,
    SnapshotsController,
    AddressListsController,
    AgentOverridesController,
    UnknownAgentsController,
    MethodologyController,
    PrivacyRequestsController,
    ListenerExportsController,
  ],
  providers: [
    IngestService,
    EdgeKeys,
    PublicDirectory,
    ReceiptRecorder,
    RedirectService,
    TrackingReceiver,
    RecountsService,
    ExplainService,
    QuarantinesService,
    ImportsService,
    ReconciliationService,
    RuleEffectsService,
    SnapshotsService,
    AddressListsService,
    AgentOverridesService,
    UnknownAgentsService,
    MethodologyService,
    PrivacyRequestsService,
    ListenerExportsService,
  ],
})
export class IngestionHttpModule {}
