/** What an import of episodes' files did. */
export interface EpisodeFilesReport {
  readonly lines: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Episodes that were made because a podcast was named for them. */
  readonly created: number;
  /** Files of no episode, by host and path. */
  readonly unknown: readonly string[];
  /** Columns of the file that mean nothing here. */
  readonly ignoredColumns: readonly string[];
}
