import type { TenantId } from '@lib/primitives';
import { readReceipt, type Receipt } from '../../domain/receipt.js';
import { unrecordedRequest, type UnrecordedRequest } from '../../domain/unrecorded-request.js';
import { isRejection, type Outcome } from '../commit-events.js';
import type { DownloadRequests } from './download-requests.js';

const BATCH = 500;

/**
 * Stores spooled receipts, tenant by tenant. Their ids and times are those of their receipt, so that one which was stored
 * after all, or is replayed twice, stays one.
 * @returns those that can never be stored
 * @throws while the database does not take them; some may be stored by then
 */
export async function replayReceipts(
  requests: DownloadRequests,
  lines: readonly string[],
): Promise<UnrecordedRequest[]> {
  const byTenant = new Map<TenantId, Receipt[]>();
  for (const receipt of lines.map(readReceipt)) {
    const of = byTenant.get(receipt.tenantId);
    if (of === undefined) byTenant.set(receipt.tenantId, [receipt]);
    else of.push(receipt);
  }
  const lost: UnrecordedRequest[] = [];
  for (const [tenantId, receipts] of byTenant) {
    for (let start = 0; start < receipts.length; start += BATCH) {
      const batch = receipts.slice(start, start + BATCH);
      const outcomes = await requests.store(tenantId, batch, Date.now());
      lost.push(...batch.flatMap((receipt, position) => unstored(receipt, outcomes[position])));
    }
  }
  return lost;
}

function unstored(receipt: Receipt, outcome: Outcome | undefined): UnrecordedRequest[] {
  if (outcome === 'retry') throw new Error('some receipts were not stored');
  if (!isRejection(outcome)) return [];
  return [unrecordedRequest(receipt, outcome.code === 'too_old' ? 'too_old' : 'refused')];
}
