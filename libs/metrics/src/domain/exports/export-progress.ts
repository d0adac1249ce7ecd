import type { TablePosition } from './exported-column.js';

/** What progress is told from. `from` and `to` are null for tables without a time. */
export interface ExportState {
  readonly state: string;
  readonly from: Date | null;
  readonly to: Date | null;
  readonly position: TablePosition | null;
}

/**
 * How far an export is, from 0 to 1: the share of its time that has been read, since rows are written in the order of time.
 * Of a table without a time it is 0 until the file is there.
 */
export function exportProgress({ state, from, to, position }: ExportState): number {
  if (state === 'done' || state === 'expired') return 1;
  if (from === null || to === null || position === null) return 0;
  const reached = Date.parse(readInstantText(position[0] ?? ''));
  if (Number.isNaN(reached)) return 0;
  const share = (reached - from.getTime()) / (to.getTime() - from.getTime());
  return Math.min(0.999, Math.max(0, share));
}

/** PostgreSQL writes `2026-03-01 10:00:00.123456+00`, and a day without a time. */
function readInstantText(text: string): string {
  return text.replace(' ', 'T').replace(/(?<=T.*)([+-]\d{2})$/, '$1:00');
}
