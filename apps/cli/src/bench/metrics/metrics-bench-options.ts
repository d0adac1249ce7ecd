/** How much `bench metrics` measures. */
export interface MetricsBenchOptions {
  /** Events of the history of all tenants together. */
  readonly events: number;
  readonly tenants: number;
  /** UTC days that the history is spread over. */
  readonly days: number;
  /** Different requests of each question. */
  readonly requests: number;
  /** Length of the load under which freshness is measured; 0 leaves it out. */
  readonly freshnessSeconds: number;
  /** Events a second of that load. */
  readonly rate: number;
  /** Where the database stays for another run; one that is there is used as it is. */
  readonly keep?: string;
}
