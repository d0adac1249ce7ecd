import type { DownloadWindow } from '../counting/counting-rules.js';
import type { RequestEvidence } from '../counting/download-request.js';

/** What the other party says about how it counts. */
export interface TheirSettings {
  /** IANA name of the zone in which its days are cut; ours are cut there too. */
  readonly timeZone: string;
  readonly window: DownloadWindow | 'other';
  readonly evidence: RequestEvidence | 'client_confirmed';
  /** Whether requests of known bots are left out. */
  readonly botsFiltered: boolean;
  /** ISO 3166-1 alpha-2, where only some countries are counted; null is the whole world. */
  readonly countries: readonly string[] | null;
}

/** How the numbers that stand on our side were counted. Bots are always left out, and no country is. */
export interface OurSettings {
  /** Of the rule sets under which the days are shown. */
  readonly windows: readonly DownloadWindow[];
  /** Days of the range, `YYYY-MM-DD`, on which nothing was counted. */
  readonly uncountedDays: readonly string[];
  /** The evidence that there is for each podcast in the range. */
  readonly podcasts: readonly { readonly title: string; readonly evidence: readonly RequestEvidence[] }[];
}

/** A setting that makes two numbers ones of different things. */
export interface SettingDifference {
  readonly setting: 'podcasts' | 'window' | 'evidence' | 'geography' | 'bots';
  readonly theirs: string;
  readonly ours: string;
  /** What to ask the other party for, or to do here. */
  readonly reason: string;
}

/**
 * Finds what forbids to compare (PTMG v2.3 §5.6: same dates, geography and podcasts). The dates are the same: our days are
 * cut in their time zone. Other rules may differ too, but these are causes of a difference and not reasons to refuse one.
 */
export function compareSettings(theirs: TheirSettings, ours: OurSettings): SettingDifference[] {
  const found = [
    podcastsDiffer(ours),
    windowDiffers(theirs, ours),
    evidenceDiffers(theirs, ours),
    geographyDiffers(theirs),
    botsDiffer(theirs),
  ];
  return found.filter((difference) => difference !== undefined);
}

function podcastsDiffer({ podcasts }: OurSettings): SettingDifference | undefined {
  if (podcasts.length > 0) return undefined;
  const reason = 'No row of the file names an episode or a podcast of this tenant; see unmatched.';
  return { setting: 'podcasts', theirs: 'others', ours: 'none of the file', reason };
}

function windowDiffers({ window }: TheirSettings, { windows }: OurSettings): SettingDifference | undefined {
  if (windows.every((own) => own === window)) return undefined;
  const reason =
    windows.length > 1
      ? 'The days of the file are counted by several windows here; compare days of one rule set, or recount them.'
      : 'Another window merges other requests into one download; recount these days by theirs, or ask for ours.';
  return { setting: 'window', theirs: window, ours: windows.join(', '), reason };
}

function evidenceDiffers(
  { evidence }: TheirSettings,
  { podcasts, uncountedDays }: OurSettings,
): SettingDifference | undefined {
  if (podcasts.length === 0) return undefined;
  const present = [...new Set(podcasts.flatMap((podcast) => podcast.evidence))];
  const without = podcasts.filter(
    (podcast) => podcast.evidence.length > 0 && !podcast.evidence.some((level) => level === evidence),
  );
  if (present.length > 0 && without.length === 0) return undefined;
  const ours = present.length > 0 ? present.join(', ') : 'none';
  const reason =
    present.length > 0
      ? `There is no download of that evidence here of ${nameSome(without.map(({ title }) => title))}.`
      : `Nothing was counted here in these days (days not counted: ${uncountedDays.length}).`;
  return { setting: 'evidence', theirs: evidence, ours, reason };
}

const NAMED = 5;

function nameSome(titles: readonly string[]): string {
  const named = titles.slice(0, NAMED).map((title) => `“${title}”`);
  const more = titles.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

function geographyDiffers({ countries }: TheirSettings): SettingDifference | undefined {
  if (countries === null) return undefined;
  const reason = 'Downloads of all countries are counted here; ask for an export without a filter.';
  return { setting: 'geography', theirs: countries.join(', '), ours: 'worldwide', reason };
}

function botsDiffer({ botsFiltered }: TheirSettings): SettingDifference | undefined {
  if (botsFiltered) return undefined;
  const reason = 'Requests of bots are no downloads here; ask for filtered numbers.';
  return { setting: 'bots', theirs: 'counted', ours: 'left out', reason };
}
