/** Podcasts and episodes: the editable catalog, its search, and the feeds that fill it. */
export { CatalogService, MAX_FEED_BYTES } from './application/catalog.service.js';
export { CatalogHttpModule, CatalogModule } from './catalog.module.js';
export type { FeedImportReport } from './domain/feed-import-report.js';
export { PREFIX_HOSTS } from './domain/prefix-hosts.js';
export { stripPrefixes } from './domain/strip-prefixes.js';
export { FEED_UPLOAD_PATH } from './http/read-feed-upload.js';
