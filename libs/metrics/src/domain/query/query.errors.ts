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

/** More numbers than one answer may hold: `limit` groups of as many buckets. `affordable` is a limit that fits. */
export function tooManyPoints(limit: number, affordable: number): DomainError {
  return new DomainError(
    'too_many_points',
    400,
    `${limit} groups of that many buckets are too much for one answer: ask for at most limit=${affordable}, or a longer interval.`,
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

/** Listeners beside another metric: their numbers are of another kind, and cost other things. */
export function listenersAlone(): DomainError {
  return new DomainError(
    'listeners_alone',
    400,
    'listeners are asked for alone, since they never add up: ask for the other metrics in a question of their own.',
    { field: 'metric' },
  );
}

/** A grouping or an interval in which listeners are not told apart. `instead` says in words what is. */
export function listenersNotApart(field: 'by' | 'interval', instead: string): DomainError {
  return new DomainError('listeners_not_apart', 400, `listeners are not told apart so: ${instead}.`, {
    field,
  });
}

/** More groups of listeners than one answer may measure. */
export function tooManyAudiences(limit: number): DomainError {
  return new DomainError(
    'too_many_audiences',
    400,
    `One answer measures at most ${limit.toLocaleString('en')} audiences (groups by levels, buckets and ranges): name ` +
      'podcastId or episodeId, or ask for a longer interval or for none.',
    { field: 'by' },
  );
}
