import { Module } from '@nestjs/common';
import { AnnotationsService } from './application/annotations.service.js';
import { CatalogService } from './application/catalog.service.js';
import { EpisodeFilesService } from './application/episode-files.service.js';
import { EpisodesService } from './application/episodes.service.js';
import { FeedPoller } from './application/feed-poller.js';
import { FeedReader } from './application/feed-reader.js';
import { FeedStateService } from './application/feed-state.service.js';
import { PodcastsService } from './application/podcasts.service.js';
import { PollFeeds } from './application/poll-feeds.js';
import { RedirectPrefixService } from './application/redirect-prefix.service.js';
import { AnnotationsController } from './http/annotations.controller.js';
import { EpisodesController } from './http/episodes.controller.js';
import { FeedImportController } from './http/feed-import.controller.js';
import { FeedStateController } from './http/feed-state.controller.js';
import { PodcastsController } from './http/podcasts.controller.js';
import { RedirectPrefixController } from './http/redirect-prefix.controller.js';

@Module({
  providers: [
    CatalogService,
    PodcastsService,
    EpisodesService,
    EpisodeFilesService,
    RedirectPrefixService,
    FeedReader,
    FeedStateService,
    AnnotationsService,
  ],
  exports: [
    CatalogService,
    PodcastsService,
    EpisodesService,
    EpisodeFilesService,
    RedirectPrefixService,
    FeedReader,
    FeedStateService,
    AnnotationsService,
  ],
})
export class CatalogModule {}

/** Adds the routes. */
@Module({
  imports: [CatalogModule],
  controllers: [
    FeedImportController,
    PodcastsController,
    EpisodesController,
    RedirectPrefixController,
    FeedStateController,
    AnnotationsController,
  ],
})
export class CatalogHttpModule {}

/** Adds the polling of feeds, for the worker. */
@Module({ imports: [CatalogModule], providers: [FeedPoller, PollFeeds] })
export class CatalogJobsModule {}
