import { setTimeout as sleep } from 'node:timers/promises';
import { failureKind, type LogImportReport } from '@lib/ingestion';
import { DomainError } from '@lib/primitives';
import { CommandFailed } from '../command.errors.js';

/** How an import bears a database that goes away. */
export interface Outages {
  /** How long to wait for it, counted from when it was missed; 0 gives up at once. */
  readonly waitMs: number;
  /** Told of each outage once, with how many lines of the file are stored. */
  readonly onLost: (reason: string, storedLines: number) => void;
}

/** Between two attempts: a database that recovers needs seconds. */
const PAUSE_MS = 500;

/**
 * Imports a file, and goes on with it when the database that went away is back: an attempt begins behind the last line
 * that is stored, so that nothing is lost or doubled.
 *
 * @param attempt begins the import, or goes on with it, and tells how many lines are stored
 * @throws CommandFailed that says how to go on, when the database stays away; every other failure as it is
 */
export async function importThroughOutages(
  attempt: (onProgress: (storedLines: number) => void) => Promise<LogImportReport>,
  { waitMs, onLost }: Outages,
): Promise<LogImportReport> {
  let stored = 0;
  let missedAtMs: number | undefined;
  const onProgress = (lines: number) => {
    if (lines > stored) missedAtMs = undefined;
    stored = Math.max(stored, lines);
  };
  for (;;) {
    try {
      return await attempt(onProgress);
    } catch (error) {
      if (!isPassing(error, missedAtMs !== undefined)) throw error;
      if (missedAtMs === undefined) onLost((error as Error).message, stored);
      missedAtMs ??= Date.now();
      if (Date.now() - missedAtMs >= waitMs) throw stayedAway(error, waitMs, stored);
      await sleep(PAUSE_MS);
    }
  }
}

/**
 * After an outage the server may still be busy with the last transaction of the attempt that lost its connection: then it
 * is this command itself that "imports the same file".
 */
function isPassing(error: unknown, isAfterOutage: boolean): boolean {
  if (error instanceof DomainError) return isAfterOutage && error.code === 'import_running';
  return failureKind(error) === 'passing';
}

function stayedAway(cause: unknown, waitMs: number, stored: number): CommandFailed {
  return new CommandFailed(
    `the database has not come back within ${waitMs / 1_000} s (${(cause as Error).message}). ` +
      (stored > 0 ? `${stored} lines are stored. ` : '') +
      'Run the same command again: it goes on where it was, and counts nothing twice.',
    { cause },
  );
}
