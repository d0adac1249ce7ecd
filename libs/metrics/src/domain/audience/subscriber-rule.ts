import { DAY_MS } from '@lib/primitives';

/** How soon after publication a subscriber's app has an episode. */
export const SUBSCRIBER_WINDOW_MS = 2 * DAY_MS;

/**
 * How many of a show's episodes somebody must have downloaded soon after publication to be taken for a subscriber: half,
 * rounded up, and at least two. No guideline defines a subscriber, and nobody but the app knows; the rule is our own, and
 * disclosed with the answer.
 */
export function episodesOfSubscriber(published: number): number {
  return Math.max(2, Math.ceil(published / 2));
}
