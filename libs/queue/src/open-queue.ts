import type { BackendClasses, IQueueBackend } from 'bullmq';
import { QUEUE_NAME, type OpenQueue, type QueueEvents } from './queue-backend.js';
import { withDeadline } from './with-deadline.js';

/** The driver's side of an open queue. */
export interface Driver<Connection> {
  readonly connection: Connection;
  ping(): Promise<unknown>;
  concern(): Promise<string | undefined>;
  /** Breaks off what is under way, where the driver can. */
  sever(): void;
  /** Ends the connections. */
  end(): Promise<void>;
}

const READY_MS = 10_000;
const ABANDON_MS = 5_000;

const WORKER_OPTIONS = {
  // Enough that jobs which may take seconds leave room for those that are due each second.
  concurrency: 8,
  // How long a killed worker's job waits for another: up to the lock and two looks at stalled jobs.
  lockDuration: 30_000,
  stalledInterval: 15_000,
  runRetryDelay: 1_000,
};

/**
 * Opens BullMQ's queue and one worker on a connected driver.
 *
 * @throws the driver's error, or an Error after 10 seconds; the driver is ended then
 */
export async function openQueue<Backend extends IQueueBackend, Connection>(
  { Queue, Worker }: BackendClasses<Backend, Connection>,
  driver: Driver<Connection>,
  events: QueueEvents,
): Promise<OpenQueue> {
  const { connection } = driver;
  // BullMQ writes an event for each step of each job; nobody listens, so few are kept.
  const queue = new Queue(QUEUE_NAME, { connection, streams: { events: { maxLen: 1_000 } } });
  const worker = new Worker(QUEUE_NAME, ({ name }) => events.process(name), {
    connection,
    ...WORKER_OPTIONS,
  });
  const failed = (error: Error): void => events.failed(error);
  queue.on('error', failed);
  worker.on('error', failed);

  let closing = false;
  const disconnect = async (): Promise<void> => {
    driver.sever();
    // Ends PostgreSQL's blocking wait, whose timer can otherwise run for an hour.
    await worker.getBackend().disconnectBlocking(false);
    // A worker that is already closing would only go on waiting for its backend.
    await (closing ? worker.getBackend().close(true) : worker.close(true));
    await queue.close();
    await driver.end();
  };
  const abandon = (): Promise<void> =>
    withDeadline(disconnect(), ABANDON_MS, 'disconnecting').catch((error: unknown) => failed(error as Error));

  try {
    await withDeadline(
      Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]),
      READY_MS,
      'opening the queue',
    );
  } catch (error) {
    await abandon();
    throw error;
  }
  return {
    schedulers: queue,
    ping: () => driver.ping(),
    concern: () => driver.concern(),
    pause: () => worker.pause(true),
    close: async () => {
      closing = true;
      await worker.close();
      await queue.close();
      await driver.end();
    },
    abandon,
  };
}
