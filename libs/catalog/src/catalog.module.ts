import { Module } from '@nestjs/common';
import { CatalogService } from './application/catalog.service.js';
import { EpisodeFilesService } from './application/episode-files.service.js';
import { EpisodesService } from './application/episodes.service.js';
import { PodcastsService } from './application/podcasts.service.js';
import { RedirectPrefixService } from './application/redirect-prefix.service.js';
import { EpisodesController } from './http/episodes.controller.js';
import { FeedImportController } from './http/feed-import.controller.js';
import { PodcastsController } from './http/podcasts.controller.js';
import { RedirectPrefixController } from './http/redirect-prefix.controller.js';

@Module({
  providers: [CatalogService, PodcastsService, EpisodesService, EpisodeFilesService, RedirectPrefixService],
  exports: [CatalogService, PodcastsService, EpisodesService, EpisodeFilesService, RedirectPrefixService],
})
export class CatalogModule {}

/** Adds the routes. */
@Module({
  imports: [CatalogModule],
  controllers: [FeedImportController, PodcastsController, EpisodesController, RedirectPrefixController],
})
export class CatalogHttpModule {}
