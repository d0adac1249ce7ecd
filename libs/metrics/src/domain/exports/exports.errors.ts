import { DomainError } from '@lib/primitives';

/** The same for an export that nobody has, one of another tenant and one that was deleted. */
export function exportNotFound(): DomainError {
  return new DomainError('export_not_found', 404, 'This tenant has no export with that id.');
}

/** The table holds single requests of listeners, and the key may only read numbers. */
export function rawScopeNeeded(table: string): DomainError {
  return new DomainError(
    'forbidden',
    403,
    `${table} holds single requests of listeners: that takes a key with the scope 'raw'.`,
    { field: 'table' },
  );
}

/** A table over time was asked for without a range, or one without a time with a range. */
export function rangeMismatch(table: string, isTimed: boolean): DomainError {
  return new DomainError(
    'invalid_range',
    400,
    isTimed
      ? `${table} is exported for a range of time: name from and to.`
      : `${table} is exported whole: leave from and to out.`,
    { field: 'from' },
  );
}

/** The table's rows belong to no podcast. */
export function noPodcastFilter(table: string): DomainError {
  return new DomainError(
    'filter_not_applicable',
    400,
    `The rows of ${table} belong to no podcast: leave podcastId out.`,
    { field: 'podcastId' },
  );
}

/** As many exports as a tenant may have at once. `what` says which bound it is and how to get below it. */
export function tooManyExports(what: string): DomainError {
  return new DomainError('too_many_exports', 409, what);
}

/** More rows than an answer may be made of while a client waits. */
export function tooLargeToStream(rows: number): DomainError {
  return new DomainError(
    'export_too_large',
    422,
    `The range holds more than ${rows} rows: ask for a shorter one, or have the file written by POST /v1/exports.`,
    { field: 'to' },
  );
}

/** The file is not there, and it says why not. */
export function exportNotDone(state: string): DomainError {
  const gone = state === 'failed' || state === 'expired';
  return new DomainError(
    gone ? 'export_gone' : 'export_not_done',
    gone ? 410 : 409,
    gone
      ? `The export is ${state}: there is no file.`
      : 'The file is not written yet: its progress says how far it is.',
  );
}

/** One answer for every link that does not work: nobody learns by trying what there is. */
export function leadsNowhere(): DomainError {
  return new DomainError('export_link_invalid', 404, 'This link leads nowhere, or no longer.');
}

/** Asked for too often. `limit` says in words what is allowed. */
export function askedTooOften(limit: string, msBeforeNext: number): DomainError {
  return new DomainError('rate_limited', 429, limit, {
    retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  });
}
