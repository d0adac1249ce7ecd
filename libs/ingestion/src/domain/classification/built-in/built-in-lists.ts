import type { ListEntries } from '../list-entry.js';
import { BUILT_IN_BROWSERS } from './browsers.js';
import { BUILT_IN_DEVICES } from './devices.js';
import { BUILT_IN_LIBRARIES } from './libraries.js';
import { BUILT_IN_LISTENING_APPS } from './listening-apps.js';
import { BUILT_IN_NAMED_PODCAST_APPS } from './named-podcast-apps.js';
import { BUILT_IN_OTHER_APPS } from './other-apps.js';
import { BUILT_IN_OTHER_BOTS, BUILT_IN_PODCAST_BOTS } from './podcast-bots.js';
import { BUILT_IN_PODCAST_APPS } from './podcast-apps.js';
import { BUILT_IN_REFERRERS } from './referrers.js';
import { BUILT_IN_WEB_BOTS } from './web-bots.js';

/**
 * The product's own small lists: what is in force until the operator loads a larger one.
 *
 * Written for this product. A change here is a new version of the lists, and with it of every rule set made afterwards;
 * stored counts keep the one that they were made with.
 */
export const BUILT_IN_LISTS: ListEntries = {
  bots: [...BUILT_IN_PODCAST_BOTS, ...BUILT_IN_WEB_BOTS, ...BUILT_IN_OTHER_BOTS],
  apps: [
    ...BUILT_IN_PODCAST_APPS,
    ...BUILT_IN_NAMED_PODCAST_APPS,
    ...BUILT_IN_LISTENING_APPS,
    ...BUILT_IN_OTHER_APPS,
  ],
  libraries: BUILT_IN_LIBRARIES,
  browsers: BUILT_IN_BROWSERS,
  devices: BUILT_IN_DEVICES,
  referrers: BUILT_IN_REFERRERS,
};
