/** A line was not taken: the spool is `full` up to its limit, or its disk `failed`. */
export class SpoolRefused extends Error {
  constructor(
    readonly reason: 'full' | 'failed',
    cause?: unknown,
  ) {
    super(`the spool ${reason === 'full' ? 'is full' : 'cannot be written'}`, { cause });
    this.name = 'SpoolRefused';
  }
}
