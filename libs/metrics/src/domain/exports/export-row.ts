import type { TablePosition } from './exported-column.js';
import type { ExportFormat } from './export-format.js';

/** An export begins `queued` and ends `done` or `failed`; what was done is `expired` once its file is gone. */
export const EXPORT_STATES = ['queued', 'running', 'done', 'failed', 'expired'] as const;
export type ExportStateName = (typeof EXPORT_STATES)[number];

/** A file that was asked for. */
export interface ExportRow {
  id: string;
  table: string;
  format: ExportFormat;
  /** Half-open, UTC; null for a table without a time. */
  from: Date | null;
  to: Date | null;
  podcastId: string | null;
  state: ExportStateName;
  position: TablePosition | null;
  pieces: number;
  rows: number;
  bytes: number;
  requestedBy: string;
  requestedAt: Date;
  /** Every row that was stored before is in the file. */
  startedAt: Date | null;
  doneAt: Date | null;
  expiresAt: Date | null;
  error: string | null;
}

/** What a new export needs to know. */
export type NewExport = Pick<ExportRow, 'table' | 'format' | 'from' | 'to' | 'podcastId' | 'requestedBy'> & {
  /** Whether its rows are single requests of listeners. */
  readonly ofListeners: boolean;
};
