import { Module } from '@nestjs/common';
import { DestroyListenerKeys } from './application/destroy-listener-keys.js';
import { IngestService } from './application/ingest.service.js';
import { ListenerKeys } from './application/listener-keys.js';
import { EventsController } from './http/events.controller.js';

@Module({ providers: [ListenerKeys, DestroyListenerKeys], exports: [ListenerKeys] })
export class IngestionModule {}

/** The edge: events in over HTTP. */
@Module({ imports: [IngestionModule], controllers: [EventsController], providers: [IngestService] })
export class IngestionHttpModule {}
