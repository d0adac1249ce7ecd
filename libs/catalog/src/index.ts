/** Podcasts and episodes: the editable catalog, its search, and the feeds that fill it. */
export { CatalogService, MAX_FEED_BYTES } from './application/catalog.service.js';
export { EpisodeFilesService } from './application/episode-files.service.js';
export type { EpisodeFilesReport } from './domain/episode-files-report.js';
export { pollFeedsJob } from './application/poll-feeds.job.js';
export { CatalogHttpModule, CatalogJobsModule, CatalogModule } from './catalog.module.js';
export { FeedFetchFailed } from './domain/feed.errors.js';
export type { FeedImportReport } from './domain/feed-import-report.js';
/** For other documents that the operator names: the same walls, limits and failures. */
export { fetchFeed } from './infrastructure/fetch-feed.js';
export { PREFIX_HOSTS } from './domain/prefix-hosts.js';
export { stripPrefixes } from './domain/strip-prefixes.js';
export { FEED_UPLOAD_PATH } from './http/read-feed-upload.js';
