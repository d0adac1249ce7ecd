import { DomainError } from '@lib/primitives';

/** A release of which retention has removed what was stored. `until` is the last start of those that are gone. */
export function releaseNotKept(until: number, what: 'curves' | 'totals'): DomainError {
  const instead = what === 'curves' ? ', or for its totals with /v1/metrics/releases' : '';
  return new DomainError(
    'release_not_kept',
    400,
    `${what === 'curves' ? 'Release curves' : 'Totals since publication'} of episodes that were published at ` +
      `${new Date(until).toISOString()} or before are no longer kept: ask for a later episode${instead}.`,
    { field: 'episodeId' },
  );
}
