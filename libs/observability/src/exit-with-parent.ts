/** How long an orderly end may take once the parent is gone. */
const GRACE_MS = 10_000;

/**
 * Ends this process when the one that started it goes away, by SIGKILL too, so that no orphan keeps a port or a
 * connection. Does nothing in a process that was started without an IPC channel, as an orchestrator starts it.
 */
export function exitWithParent(): void {
  if (!process.connected) return;
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    // As a signal, not a call: before the program listens for it, the default action ends the process at once.
    process.kill(process.pid, 'SIGTERM');
  });
  // Listening alone would keep the event loop alive.
  process.channel?.unref();
}
