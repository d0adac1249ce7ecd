import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 1_000;
const PATIENCE_MS = 300_000;

/**
 * Waits until a worker has done each of its jobs once. Those that are due each hour look after every tenant when a worker
 * starts, which is no part of a steady load.
 *
 * @param origin of the worker's metrics
 * @throws Error when some job has not run in five minutes
 */
export async function untilSettled(origin: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const waiting = unrun(await (await fetch(`${origin}/metrics`)).text());
    if (waiting.length === 0) return;
    if (performance.now() > deadline) throw new Error(`the worker has not done ${waiting.join(', ')}`);
    await sleep(LOOK_MS);
  }
}

/** The jobs that have not ended yet, whatever came of them. */
function unrun(metrics: string): string[] {
  const runs = new Map<string, number>();
  for (const [, job = '', count] of metrics.matchAll(/^job_runs_total\{job="([^"]+)",[^}]*\} (\d+)$/gm))
    runs.set(job, (runs.get(job) ?? 0) + Number(count));
  return [...runs].filter(([, count]) => count === 0).map(([job]) => job);
}
