import { DAY_MS, utcDate } from '@lib/primitives';
import type { MethodologyInput } from './methodology-input.js';

/** Half a year, rounded down: two audits always fit into a year. */
const AUDIT_DAYS = 182;

/**
 * By which UTC day the next self-audit has to be performed: half a year after the last, or after counting began (PTMG v2.3
 * §5.5.6, IAB-25). Null where nothing was counted and nothing audited.
 */
export function selfAuditDue({
  audits,
  countingSince,
}: Pick<MethodologyInput, 'audits' | 'countingSince'>): string | null {
  const dates = audits.map(({ performedOn }) => performedOn).sort();
  const from = dates.at(-1) ?? countingSince;
  return from === null ? null : utcDate(new Date(Date.parse(from) + AUDIT_DAYS * DAY_MS));
}
