import { DomainError, MINUTE_MS, SLICE_MS } from '@lib/primitives';
import type { Grain } from './grain-stretch.js';

/** A bound that cannot be read, or a range that ends before it begins. */
export function invalidRange(field: 'from' | 'to', message: string): DomainError {
  return new DomainError('invalid_range', 400, message, { field });
}

/** A bound between two borders of slices, finer than anything that is stored. `width` is theirs, in milliseconds. */
export function unalignedRange(
  field: 'from' | 'to',
  instant: number,
  nearest: number,
  width = SLICE_MS,
): DomainError {
  return new DomainError(
    'unaligned_range',
    400,
    `${field} is ${new Date(instant).toISOString()}, but counts ${width === SLICE_MS ? '' : 'of that time '}are kept in ` +
      `slices of ${width / MINUTE_MS} minutes. The nearest border is ${new Date(nearest).toISOString()}.`,
    { field },
  );
}

/** A range longer than one answer may cover. `longest` says in words what is affordable. */
export function rangeTooLong(longest: string): DomainError {
  return new DomainError('range_too_long', 400, `The range is too long: ask for at most ${longest}.`, {
    field: 'to',
  });
}

/** More buckets than one answer may hold. `alternative` says in words what is affordable. */
export function tooManyBuckets(limit: number, alternative: string): DomainError {
  return new DomainError(
    'too_many_buckets',
    400,
    `The range has more than ${limit} buckets: ${alternative}.`,
    {
      field: 'interval',
    },
  );
}

/** A question to raw events that retention has already removed. */
export function beforeRawHorizon(rawFrom: Date): DomainError {
  return new DomainError(
    'before_raw_horizon',
    400,
    `Raw events before ${rawFrom.toISOString()} are no longer kept: ask from then on.`,
    { field: 'from' },
  );
}

/** A question to single downloads that retention has already removed. `instead` says in words what is affordable. */
export function beforeDownloadHorizon(downloadsFrom: Date, instead = ''): DomainError {
  return new DomainError(
    'before_download_horizon',
    400,
    `Single downloads before ${downloadsFrom.toISOString()} are no longer kept: ask from then on${instead}.`,
    { field: 'from' },
  );
}

/**
 * A question that needs rollups which retention has already removed. `instead` says in words what can be asked of the time
 * before; null is nothing.
 */
export function beforeRollupHorizon(grain: Grain, keptFrom: number, instead: string | null): DomainError {
  const begin = new Date(keptFrom).toISOString();
  return new DomainError(
    `before_${grain}_horizon`,
    400,
    `Counts by ${grain} before ${begin} are no longer kept: ask from then on${instead === null ? '' : `, or ${instead}`}.`,
    { field: 'from' },
  );
}

/** The same for a podcast that nobody has and for one of another tenant. */
export function podcastNotFound(): DomainError {
  return new DomainError('podcast_not_found', 404, 'This tenant has no podcast with that id.', {
    field: 'podcastId',
  });
}

/** The same for an episode that nobody has, one of another tenant and one of another podcast than asked for. */
export function episodeNotFound(): DomainError {
  return new DomainError('episode_not_found', 404, 'This tenant has no episode with that id there.', {
    field: 'episodeId',
  });
}

/** An answer that would read more rollup rows than one may. `alternative` says in words what is affordable. */
export function answerTooCostly(rows: number, limit: number, alternative: string): DomainError {
  return new DomainError(
    'answer_too_costly',
    400,
    `The answer would have to read ${rows} stored numbers, more than the ${limit} that one may: ask for ${alternative}.`,
    { field: 'from' },
  );
}
