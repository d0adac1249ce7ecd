import { startTestServers, STATE_VARIABLE } from './servers.js';

/** Starts the servers that all db and e2e specs of a run share. */
export default async function globalSetup(): Promise<void> {
  const { servers, stop } = await startTestServers();
  process.env[STATE_VARIABLE] = JSON.stringify(servers);
  (globalThis as { stopTestServers?: () => Promise<void> }).stopTestServers = stop;
}
