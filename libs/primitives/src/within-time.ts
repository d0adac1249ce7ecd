/**
 * The result of `work`, or a rejection with what `late` makes once `ms` milliseconds are over. The work itself goes on:
 * whoever began it has to live with a result that nobody waits for.
 */
export async function withinTime<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
