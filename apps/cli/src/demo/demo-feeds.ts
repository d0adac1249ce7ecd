import { DAY_MS } from '@lib/primitives';

/** A show of the demo network. `audience` is about how many people ask for an episode on its first day. */
export interface DemoShow {
  slug: string;
  title: string;
  audience: number;
  /** Days between episodes, and the hour (UTC) at which they appear. */
  everyDays: number;
  hour: number;
  minutes: number;
}

export const DEMO_SHOWS: readonly DemoShow[] = [
  { slug: 'harbour-tapes', title: 'The Harbour Tapes', audience: 210, everyDays: 7, hour: 5, minutes: 42 },
  { slug: 'quiet-signals', title: 'Quiet Signals', audience: 120, everyDays: 7, hour: 9, minutes: 31 },
  { slug: 'ledger-and-loom', title: 'Ledger & Loom', audience: 70, everyDays: 14, hour: 14, minutes: 55 },
  { slug: 'morning-minutes', title: 'Morning Minutes', audience: 40, everyDays: 2, hour: 4, minutes: 8 },
];

const TOPICS = [
  'Low Water',
  'The Second Ferry',
  'Salt',
  'A Borrowed Map',
  'Night Shift',
  'Rope',
  'The Long Queue',
  'Glass',
  'Two Keys',
  'Weather',
];

/** Days before the first start for which the demo has listening. */
export const DEMO_DAYS = 60;
/** Older episodes, so that there is a back catalogue. */
const BACK_CATALOGUE_DAYS = 60;

/** When a show's episodes appeared, oldest first, up to `until` (a UTC midnight). */
export function episodeDates(show: DemoShow, until: Date): Date[] {
  const dates: Date[] = [];
  const first = until.getTime() - (DEMO_DAYS + BACK_CATALOGUE_DAYS) * DAY_MS + show.hour * 3_600_000;
  for (let at = first; at < until.getTime() - DAY_MS; at += show.everyDays * DAY_MS) dates.push(new Date(at));
  return dates;
}

/** A show's RSS feed, as its host would publish it. */
export function demoFeed(show: DemoShow, until: Date): string {
  const items = episodeDates(show, until).map((date, index) => {
    const title = `${index + 1}: ${TOPICS[index % TOPICS.length] ?? ''}`;
    const bytes = show.minutes * 60 * 16_000;
    return `<item><title>${escape(title)}</title><guid isPermaLink="false">${show.slug}-${index + 1}</guid>
<pubDate>${date.toUTCString()}</pubDate><itunes:duration>${show.minutes * 60}</itunes:duration><itunes:episode>${index + 1}</itunes:episode>
<enclosure url="https://media.harbour.example/${show.slug}/${index + 1}.mp3" length="${bytes}" type="audio/mpeg"/></item>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>${escape(show.title)}</title>
<link>https://harbour.example/${show.slug}</link><description>A made-up show of the demo network.</description><language>en</language>
<itunes:author>Harbour Demo Network</itunes:author>${items.join('\n')}</channel></rss>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
