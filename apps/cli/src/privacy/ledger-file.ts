import { isUuid } from '@lib/primitives';
import type { LedgerEntry } from '@lib/ingestion';
import { CommandFailed } from '../command.errors.js';

/** An erasure of some tenant: one line of a ledger file. */
export interface LedgerLine extends LedgerEntry {
  readonly tenantId: string;
}

export function writeLedgerLine(line: LedgerLine): string {
  return JSON.stringify(line);
}

/** @throws CommandFailed naming the first line that is none */
export function readLedgerFile(text: string): LedgerLine[] {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      const parsed = parse(line);
      if (!isLedgerLine(parsed)) throw new CommandFailed(`Line ${number} is no line of an erasure ledger.`);
      return parsed;
    });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isLedgerLine(value: unknown): value is LedgerLine {
  if (typeof value !== 'object' || value === null) return false;
  const { tenantId, id, listenerIds, requestedBy, requestedAt } = value as Record<string, unknown>;
  return (
    isUuid(tenantId) &&
    isUuid(id) &&
    Array.isArray(listenerIds) &&
    listenerIds.every((each) => typeof each === 'string' && /^-?\d{1,19}$/.test(each)) &&
    typeof requestedBy === 'string' &&
    typeof requestedAt === 'string' &&
    !Number.isNaN(Date.parse(requestedAt))
  );
}
