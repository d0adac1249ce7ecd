/** How much `bench ingest` measures. */
export interface IngestBenchOptions {
  /** Events of each way in each round. */
  readonly events: number;
  /** Events of one request. */
  readonly batch: number;
  /** Requests, and sessions of the bare client, at a time. */
  readonly connections: number;
  readonly rounds: number;
  /** Length of the sustained load; 0 leaves it out. */
  readonly seconds: number;
}
