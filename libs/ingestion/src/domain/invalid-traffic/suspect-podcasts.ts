import type { PodcastDay, Suspicion } from './traffic-day.js';

/** Fewer downloads than this show no shape. */
const ENOUGH_DOWNLOADS = 240;
/** People sleep: their hours of a day are never this even. 1 is perfectly even. */
const FLATTEST = 0.985;
/** By how much of all downloads one app may grow against the four weeks before. */
const APP_GROWTH = 0.3;

/** The podcasts whose day has no night, or whose apps changed overnight. */
export function suspectPodcasts(days: readonly PodcastDay[]): Suspicion[] {
  return days.flatMap((day) => [...flatHours(day), ...appMix(day)]);
}

/**
 * How evenly numbers are spread, as their entropy by that of an even spread: 1 when all are equal, 0 when there is only
 * one. For no numbers, or nothing in them, 0.
 */
export function evenness(values: readonly number[]): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  if (total <= 0 || values.length < 2) return 0;
  const entropy = values
    .filter((value) => value > 0)
    .reduce((sum, value) => sum - (value / total) * Math.log(value / total), 0);
  return entropy / Math.log(values.length);
}

function flatHours({ podcastId, hours }: PodcastDay): Suspicion[] {
  const downloads = hours.reduce((sum, value) => sum + value, 0);
  const flatness = evenness(hours);
  if (downloads < ENOUGH_DOWNLOADS || flatness < FLATTEST) return [];
  const evidence = { flatness: Number(flatness.toFixed(4)), limit: FLATTEST };
  return [suspicion('flat_hours', podcastId, '', downloads, evidence)];
}

function appMix({ podcastId, apps, usualApps }: PodcastDay): Suspicion[] {
  const [today, usual] = [sumOf(apps), sumOf(usualApps)];
  if (today < ENOUGH_DOWNLOADS || usual < ENOUGH_DOWNLOADS) return [];
  return [...apps].flatMap(([app, downloads]) => {
    const [share, usualShare] = [downloads / today, (usualApps.get(app) ?? 0) / usual];
    // The border itself is allowed, whatever its last bit says.
    if (share - usualShare < APP_GROWTH + 1e-9) return [];
    const evidence = { app, share: Number(share.toFixed(3)), usualShare: Number(usualShare.toFixed(3)) };
    return [suspicion('app_mix', podcastId, ` ${app}`, downloads, evidence)];
  });
}

function suspicion(
  detector: Suspicion['detector'],
  podcastId: string,
  detail: string,
  downloads: number,
  evidence: Suspicion['evidence'],
): Suspicion {
  const subject = `podcast ${podcastId}${detail}`;
  return { detector, subject, addressId: null, podcastId, requests: downloads, downloads, evidence };
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
