import type { Schedulers } from './sync-schedule.js';

/** What an open queue tells the process. */
export interface QueueEvents {
  /** Does one due job. A rejection makes BullMQ try this due time again, if the job has attempts left. */
  process(job: string): Promise<void>;
  /** Something on the way to the queue failed. May be called often. */
  failed(error: Error): void;
}

/** A connected queue whose worker takes due jobs, until `close` or `abandon`. */
export interface OpenQueue {
  readonly schedulers: Schedulers;
  /** Resolves when the backend answers. Bounded in time. */
  ping(): Promise<unknown>;
  /** A setting of the backend under which jobs can get lost, or undefined. */
  concern(): Promise<string | undefined>;
  /** Takes no further job; one that is just being fetched may still begin. */
  pause(): Promise<void>;
  /** Takes no further job, waits for the handlers that run, then disconnects. Not to be abandoned while they run. */
  close(): Promise<void>;
  /** Disconnects at once. Handlers that run go on; another worker may start their jobs again. Never rejects. */
  abandon(): Promise<void>;
}

/** Where due jobs wait. */
export interface QueueBackend {
  readonly name: 'Redis' | 'PostgreSQL';
  /** Connects once, in bounded time. @throws the driver's error; nothing stays open then */
  open(events: QueueEvents): Promise<OpenQueue>;
}

/** The one queue that all jobs share. */
export const QUEUE_NAME = 'podcast';
