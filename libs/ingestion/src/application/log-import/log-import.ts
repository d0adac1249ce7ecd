import type { LineTally } from '../../domain/access-log/line-tally.js';
import type { LogHosts } from '../../domain/access-log/locate-episodes.js';

/** A log file, wherever it lies. It can be read more than once. */
export interface LogFile {
  /** As people know it. */
  readonly name: string;
  /** Of the file as it lies there, packed or not: 64 hexadecimal digits in lower case. */
  readonly sha256: string;
  /** The file as it lies there; gzip is unpacked. */
  read(): AsyncIterable<Uint8Array>;
}

/** How to read a log. */
export interface LogImportOptions {
  /** What wrote the log: one server, or one distribution. Part of the identities of its requests. */
  readonly source: string;
  /** A name or a format string, see `openLogFormat`; undefined finds out from the first lines. */
  readonly format?: string | undefined;
  readonly hosts: LogHosts;
  /** Takes the place of what other imports brought for the file's days. */
  readonly replace: boolean;
  /** Imports even when none of the first requests asks for an episode. */
  readonly evenWithoutEpisodes: boolean;
}

/** What an import of one file came to, over all attempts. */
export interface LogImportReport extends LineTally {
  readonly importId: string;
  readonly format: string;
  /** This very file was imported before; nothing was changed. */
  readonly wasImported: boolean;
  /** The line from which an interrupted import went on; 0 for one that began. */
  readonly resumedFrom: number;
}
