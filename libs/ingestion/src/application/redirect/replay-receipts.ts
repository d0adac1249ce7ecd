import type { TenantId } from '@lib/primitives';
import { readReceipt, type Receipt } from '../../domain/receipt.js';
import { isRejection, type Outcome } from '../commit-events.js';
import type { Unrecorded } from '../spool/drain-spool.js';
import type { DownloadRequests } from './download-requests.js';

const BATCH = 500;

/**
 * Stores spooled receipts, tenant by tenant. Their ids and times are those of their receipt, so that one which was stored
 * after all, or is replayed twice, stays one.
 * @returns those that can never be stored, by reason
 * @throws while the database does not take them; some may be stored by then
 */
export async function replayReceipts(
  requests: DownloadRequests,
  lines: readonly string[],
): Promise<Unrecorded> {
  const byTenant = new Map<TenantId, Receipt[]>();
  for (const receipt of lines.map(readReceipt)) {
    const of = byTenant.get(receipt.tenantId);
    if (of === undefined) byTenant.set(receipt.tenantId, [receipt]);
    else of.push(receipt);
  }
  const lost: Unrecorded = {};
  for (const [tenantId, receipts] of byTenant) {
    for (let start = 0; start < receipts.length; start += BATCH) {
      const outcomes = await requests.store(tenantId, receipts.slice(start, start + BATCH), Date.now());
      for (const outcome of outcomes) note(lost, outcome);
    }
  }
  return lost;
}

function note(lost: Unrecorded, outcome: Outcome): void {
  if (outcome === 'retry') throw new Error('some receipts were not stored');
  if (!isRejection(outcome)) return;
  const reason = outcome.code === 'too_old' ? 'too_old' : 'refused';
  lost[reason] = (lost[reason] ?? 0) + 1;
}
