/**
 * Succeeds when the process of this container answers `/health/live`: the API on PORT or the worker on WORKER_PORT,
 * whichever of them runs here. Asks nothing about the database, whose failure a restart would not mend.
 */
const ports = [process.env.PORT || '8000', process.env.WORKER_PORT || '8001'];

/** @param {string} port */
async function isAlive(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(4_000) });
  await answer.arrayBuffer(); // a body that nobody reads would keep this process waiting
  if (!answer.ok) throw new Error(`port ${port} answered ${answer.status}`);
}

try {
  await Promise.any(ports.map(isAlive));
} catch (error) {
  console.error(error.errors.map(({ message, cause }) => cause?.message ?? message).join('; '));
  process.exitCode = 1;
}
