/** What a command sees of the world outside. Tests hand in their own. */
export interface CommandIo {
  /** The environment variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Writes one line, or several, to standard output. */
  print(text: string): void;
  /** Writes to standard error: what went wrong, and progress. */
  warn(text: string): void;
  /** Asks a person a yes-or-no question; undefined where nobody can be asked, because input is not a terminal. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Columns that a line may have. */
  readonly columns: number;
}
