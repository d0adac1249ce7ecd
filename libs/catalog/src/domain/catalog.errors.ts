import { DomainError } from '@lib/primitives';

/** No such podcast, or one of another tenant: the answer is the same. */
export function podcastNotFound(): DomainError {
  return new DomainError('podcast_not_found', 404, 'This tenant has no podcast with that id.');
}

/** No such episode, or one of another tenant: the answer is the same. */
export function episodeNotFound(): DomainError {
  return new DomainError('episode_not_found', 404, 'This tenant has no episode with that id.');
}

/** A feed leads to a podcast that was archived on purpose. */
export function podcastArchived(id: string): DomainError {
  const message = `The podcast ${id} of this feed is archived. Set its "archived" to false, then import again.`;
  return new DomainError('podcast_archived', 409, message);
}

/** The tenant has as many podcasts as the platform lets it have. */
export function podcastQuotaReached(max: number): DomainError {
  const message = `The quota maxPodcasts of this tenant is ${max}, and reached. Archive a podcast, or have the quota raised.`;
  return new DomainError('podcast_quota_reached', 409, message);
}

/** The podcast has this episode already. */
export function episodeExists(): DomainError {
  const message = 'The podcast already has an episode with this guid and this file.';
  return new DomainError('episode_exists', 409, message, { field: 'guid' });
}

/** An enclosure that leads to no file by which requests could be told apart. */
export function enclosureInvalid(): DomainError {
  const message =
    'enclosureUrl must be an http or https address that, together with the guid, is not too long.';
  return new DomainError('invalid_input', 400, message, { field: 'enclosureUrl' });
}

/** An address that cannot be the address of a feed. */
export function feedUrlInvalid(): DomainError {
  const message = 'feedUrl must be an http or https address of at most 2,048 characters.';
  return new DomainError('invalid_input', 400, message, { field: 'feedUrl' });
}

/** Search results are ranked and end after `limit`: they have no further pages. */
export function searchHasNoPages(): DomainError {
  const message = 'A search has no further pages: send either search or cursor.';
  return new DomainError('invalid_input', 400, message, { field: 'cursor' });
}

/** The podcast has no handle yet. */
export function prefixNotFound(): DomainError {
  return new DomainError('prefix_not_found', 404, 'This podcast has no prefix yet. PUT gives it one.');
}

/** A handle that is in use: whose it is stays unsaid. */
export function handleTaken(): DomainError {
  return new DomainError('handle_taken', 409, 'This handle is taken. Choose another one.', {
    field: 'handle',
  });
}

/** A host that the redirect must never lead to. */
export function hostInvalid(): DomainError {
  const message = 'host must be the host of media files: neither a measurement prefix nor our own redirect.';
  return new DomainError('invalid_input', 400, message, { field: 'host' });
}

/** The podcast has no such host. */
export function hostNotFound(): DomainError {
  return new DomainError('host_not_found', 404, 'This podcast has no such host.');
}

/** A podcast that has nothing to poll, or was archived on purpose. */
export function feedNotPolled(): DomainError {
  const message =
    'The podcast is archived or has no feed address, so its feed is not polled. Set "archived" to false or "feedUrl".';
  return new DomainError('feed_not_polled', 409, message);
}

/** The feed is being polled, or just was. */
export function feedCheckedRecently(retryAfterSeconds: number): DomainError {
  const message = 'The feed was polled a moment ago, or is being polled now.';
  return new DomainError('feed_checked_recently', 429, message, { retryAfterSeconds });
}

/** A range of time that contains nothing. */
export function rangeEmpty(): DomainError {
  const message = 'to must be later than from: the range ends before to.';
  return new DomainError('invalid_range', 400, message, { field: 'to' });
}
