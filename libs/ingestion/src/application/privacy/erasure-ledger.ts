import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS, floorTime } from '@lib/primitives';
import { appendMark } from '@lib/time-series';
import { newReport } from '../../domain/privacy/privacy-request.js';
import {
  enterErasures,
  erasureLedger,
  requeueErasures,
  type LedgerEntry,
} from '../../infrastructure/erasure-ledger.sql.js';

export type { LedgerEntry } from '../../infrastructure/erasure-ledger.sql.js';

/**
 * The erasures of the tenant whose transaction is open. A database that was restored brings erased listeners back: the
 * ledger, kept outside of it, takes them away again.
 */
@Injectable()
export class ErasureLedger {
  constructor(private readonly db: TenantDb) {}

  /** Everything needed to do the erasures again, oldest first. Names nobody: the ids are keyed. */
  read(): Promise<LedgerEntry[]> {
    const { sql, tenantId } = this.db.current;
    return erasureLedger(sql, tenantId);
  }

  /**
   * Has all erasures done again, those of `entries` included that the database has lost. Rows that are scrubbed stay so.
   * @returns how many will be done, and how many of them were lost
   */
  async reapply(entries: readonly LedgerEntry[]): Promise<{ erasures: number; lost: number }> {
    const { sql, tenantId } = this.db.current;
    const lost = await enterErasures(sql, tenantId, entries, newReport(null));
    const erasures = await requeueErasures(sql, tenantId, newReport(null));
    if (erasures > 0) await appendMark(sql, tenantId, 'privacy', floorTime(new Date(), DAY_MS), null);
    return { erasures, lost };
  }
}
