import type { TenantId } from '@lib/primitives';
import type { Receipt } from './receipt.js';

export const UNRECORDED_REASONS = ['spool_full', 'spool_failed', 'too_old', 'refused'] as const;

/** Why a request to a public address that was answered is not in the database and never will be. */
export type UnrecordedReason = (typeof UNRECORDED_REASONS)[number];

/** What each reason means to whoever looks for what a number lacks. */
export const UNRECORDED_MEANINGS: Readonly<Record<UnrecordedReason, string>> = {
  spool_full: 'The database was not reached in time, and the local disk held as much as it may.',
  spool_failed: 'The database was not reached in time, and the local disk could not be written.',
  too_old: 'It waited on the local disk for longer than events are accepted.',
  refused: 'It could not be represented in the database.',
};

/** A request that is not recorded: all that is kept of it is a count. */
export interface UnrecordedRequest {
  readonly tenantId: TenantId;
  readonly podcastId: string;
  /** UTC day on which it came, `YYYY-MM-DD`. */
  readonly day: string;
  readonly reason: UnrecordedReason;
}

/** What is left to be said of a receipt that is not kept. */
export function unrecordedRequest(
  { tenantId, targetId, occurredAt }: Pick<Receipt, 'tenantId' | 'targetId' | 'occurredAt'>,
  reason: UnrecordedReason,
): UnrecordedRequest {
  return { tenantId, podcastId: targetId, day: occurredAt.slice(0, 10), reason };
}
