/**
 * A failure that a caller can understand and act on.
 *
 * `code` is stable and part of the API; `status` is the HTTP status that fits; `field` points at the
 * offending input (a JSON pointer or a parameter's name); `retryAfterSeconds` is set where waiting helps.
 */
export class DomainError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
    readonly extra: { field?: string; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = 'DomainError';
  }
}
