import type { AddressDay, Suspicion } from './traffic-day.js';

/**
 * Above these, a day of one address is worth a look. Ours, for want of a public rule; a campus or an office can exceed
 * them honestly, which is why nobody is left out without a person's decision (PTMG v2.3 §5.4, IAB-35).
 */
export const ADDRESS_LIMITS = { episodesIn10Minutes: 15, agents: 8, atThreshold: 5 } as const;

/** The addresses that sweep a catalogue, change their agents, or stop at the very byte that counts. */
export function suspectAddresses(days: readonly AddressDay[]): Suspicion[] {
  return days.flatMap((day) => [
    ...suspect(day, 'episodes_per_address', 'episodesIn10Minutes'),
    ...suspect(day, 'agents_per_address', 'agents'),
    ...suspect(day, 'exact_threshold', 'atThreshold'),
  ]);
}

function suspect(
  day: AddressDay,
  detector: Suspicion['detector'],
  figure: keyof typeof ADDRESS_LIMITS,
): Suspicion[] {
  const limit = ADDRESS_LIMITS[figure];
  if (day[figure] <= limit) return [];
  const { addressId, requests, downloads } = day;
  return [
    {
      detector,
      subject: `address ${addressId}`,
      addressId,
      podcastId: null,
      requests,
      downloads,
      evidence: { [figure]: day[figure], limit },
    },
  ];
}
