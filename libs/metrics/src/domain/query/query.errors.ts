import { DomainError } from '@lib/primitives';

/** A metric that is not kept by app, device and country. */
export function dimensionNotAvailable(metric: string): DomainError {
  return new DomainError(
    'dimension_not_available',
    400,
    `${metric} is not kept by app, device or country: leave these out of by and of the filters.`,
    { field: 'metric' },
  );
}

/** Two or more of app, device and country for something else than downloads. */
export function oneDimensionOnly(): DomainError {
  return new DomainError(
    'one_dimension_only',
    400,
    'Only downloads are answered by two or three of app, device and country together; other metrics by one of them.',
    { field: 'metric' },
  );
}

/** More numbers than one answer may hold. `limit` is what is affordable. */
export function tooManyPoints(points: number, limit: number): DomainError {
  return new DomainError(
    'too_many_points',
    400,
    `${points} groups of that many buckets are too much for one answer: ask for at most limit=${limit}, or a longer interval.`,
    { field: 'limit' },
  );
}

/** A cursor of another question: it would go on in the middle of a list that it does not know. */
export function cursorOfAnotherQuestion(): DomainError {
  return new DomainError(
    'invalid_cursor',
    400,
    'The cursor belongs to another question: repeat every parameter but cursor and limit.',
    { field: 'cursor' },
  );
}

/** A question that has to read single downloads which retention has removed. */
export function beforeDownloadHorizon(downloadsFrom: Date): DomainError {
  return new DomainError(
    'before_download_horizon',
    422,
    `Single downloads before ${downloadsFrom.toISOString()} are no longer kept: ask from then on, for one of app, device ` +
      'and country at a time, or for borders on full hours of UTC.',
    { field: 'from' },
  );
}
