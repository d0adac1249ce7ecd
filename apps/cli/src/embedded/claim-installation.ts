import { connectAsLogin } from '../connect-as-login.js';
import { CommandFailed } from '../command.errors.js';

/**
 * Makes this process the only supervisor of a data directory for as long as the returned session is open. PostgreSQL
 * gives the claim up by itself when the process dies, which a file could not do.
 * @param serverUrl the superuser's URL of the embedded server
 * @throws CommandFailed when another process holds the claim
 */
export async function claimInstallation(
  serverUrl: string,
  dataDir: string,
): Promise<{ release(): Promise<void> }> {
  const session = await connectAsLogin(serverUrl);
  const [row] = await session.sql<{ claimed: boolean }>(
    "SELECT pg_try_advisory_lock(hashtextextended('podcast.start', 0)) AS claimed",
  );
  if (row?.claimed === true) return { release: () => session.end() };
  await session.end();
  throw new CommandFailed(
    `Another podcast start already runs on ${dataDir}. Stop it first, or name another directory with --data.`,
  );
}
