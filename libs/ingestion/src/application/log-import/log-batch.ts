import { utcDate } from '@lib/primitives';
import type { LineRule } from '../../domain/access-log/line-fault.js';
import { NO_LINES, type LineTally } from '../../domain/access-log/line-tally.js';
import type { StorableEvent } from '../../domain/storable-event.js';
import type { DuplicateDelivery } from '../../infrastructure/duplicate-deliveries.sql.js';
import { identityKey } from '../../infrastructure/insert-events.sql.js';
import type { Outcome } from '../commit-events.js';

/** What became of a batch. */
export interface SettledBatch {
  readonly tally: LineTally;
  /** Requests that were dropped because of their identity. */
  readonly dropped: readonly DuplicateDelivery[];
}

/** Lines that are stored together. */
export class LogBatch {
  readonly events: StorableEvent[] = [];
  private lines = 0;
  private bytes = 0;
  private comments = 0;
  private readonly faults: { line: number; rule: LineRule }[] = [];

  get size(): number {
    return this.lines;
  }

  /** Takes the next line in: a request, a fault, or null for a line that holds no request. */
  add(read: StorableEvent | LineRule | null, lineNumber: number, endByte: number): void {
    this.lines += 1;
    this.bytes = endByte;
    if (read === null) this.comments += 1;
    else if (typeof read === 'string') this.faults.push({ line: lineNumber, rule: read });
    else this.events.push(read);
  }

  /**
   * Accounts for every line.
   * @param outcomes of the events, in their order
   * @param rekeyed identity keys of requests that were stored before and were taken over from another import
   */
  settle(outcomes: readonly Outcome[], rekeyed: ReadonlySet<string>): SettledBatch {
    const takenOver = new Set(rekeyed);
    const dropped = new Map<string, DuplicateDelivery>();
    const sum = { stored: 0, notEpisodes: 0, duplicates: 0, conflicts: 0 };
    for (const [index, event] of this.events.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'accepted' || (outcome === 'duplicate' && takenOver.delete(identityKey(event)))) {
        sum.stored += 1;
        if (event.episodeId === null) sum.notEpisodes += 1;
        continue;
      }
      if (outcome === 'duplicate') sum.duplicates += 1;
      else sum.conflicts += 1;
      addDropped(dropped, event);
    }
    return { tally: { ...this.lineTally(), ...sum }, dropped: [...dropped.values()] };
  }

  private lineTally(): LineTally {
    const rules: Partial<Record<LineRule, number>> = {};
    for (const { rule } of this.faults) rules[rule] = (rules[rule] ?? 0) + 1;
    const { lines, bytes, comments, faults } = this;
    return { ...NO_LINES, lines, bytes, comments, faults: faults.length, rules, examples: faults };
  }
}

function addDropped(dropped: Map<string, DuplicateDelivery>, event: StorableEvent): void {
  const { episodeId } = event;
  const importId = event.importId ?? '';
  const day = utcDate(new Date(event.occurredAt));
  const key = `${importId} ${day} ${episodeId ?? ''}`;
  const requests = (dropped.get(key)?.requests ?? 0) + 1;
  dropped.set(key, { importId, day, episodeId, requests });
}
