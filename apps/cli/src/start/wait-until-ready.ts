import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed } from '../command.errors.js';

const LOOK_AGAIN_MS = 150;
/** Generous, for slow machines: a process that cannot start ends, which is noticed at once. */
const TIMEOUT_MS = 180_000;

/**
 * Resolves when `<origin>/health/ready` answers 200.
 * @throws CommandFailed after three minutes, with the last answer
 * @throws the signal's reason when it aborts first
 */
export async function waitUntilReady(name: string, origin: string, signal: AbortSignal): Promise<void> {
  let last = 'no answer';
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline;) {
    signal.throwIfAborted();
    try {
      const answer = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      last = `${answer.status} ${await answer.text()}`;
      if (answer.status === 200) return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(LOOK_AGAIN_MS);
  }
  throw new CommandFailed(`${name} is not ready after ${TIMEOUT_MS / 1000} s. Its last answer: ${last}`);
}
