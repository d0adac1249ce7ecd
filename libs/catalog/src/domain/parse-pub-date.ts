import { monthNumber } from './month-names.js';

/** A date of a feed, and whether it named no time zone and was therefore read as UTC. */
export interface PubDate {
  readonly instant: Date;
  readonly zoneAssumed: boolean;
}

interface WrittenDate {
  year: number;
  month: number;
  day: number;
  time: string | null;
  zone: string | null;
}

const ISO = /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ]\s*([\d:.,]+)\s*(\S+)?)?$/i;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?$/;
const OFFSET = /^(?:GMT|UTC?)?([+-])(\d{2}):?(\d{2})$/i;

/** RFC 822 §5.1 and names with one meaning; the other military letters were defined with the wrong sign. */
const ZONE_HOURS: ReadonlyMap<string, number> = new Map([
  ['Z', 0], ['UT', 0], ['UTC', 0], ['GMT', 0], ['WET', 0], ['WEST', 1], ['CET', 1], ['CEST', 2], ['EET', 2],
  ['EEST', 3], ['EST', -5], ['EDT', -4], ['CST', -6], ['CDT', -5], ['MST', -7], ['MDT', -6], ['PST', -8],
  ['PDT', -7], ['JST', 9], ['AEST', 10], ['AEDT', 11],
]); // prettier-ignore

/**
 * Reads a `pubDate`: RFC 822 with two or four digit years, with or without weekday, seconds and zone, month names
 * of seven languages; `ctime`; ISO 8601. A wrong weekday is ignored, a date alone is midnight UTC.
 * @returns null when the text is no date, or could be two different ones (`07/08/2026`, an unknown zone).
 */
export function parsePubDate(text: string): PubDate | null {
  const plain = text.trim().replace(/\s+/g, ' ').slice(0, 100);
  const written = readIso(plain) ?? readWords(plain);
  return written && toInstant(written);
}

function readIso(text: string): WrittenDate | null {
  const match = ISO.exec(text);
  if (!match) return null;
  const [, year, , month, day, time, zone] = match;
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    time: time ?? null,
    zone: zone ?? null,
  };
}

/** `Sat, 17 Oct 2026 06:15:00 +0000` and `Sat Oct 17 06:15:00 2026` hold the same kinds of words. */
function readWords(text: string): WrittenDate | null {
  const words = separateWords(text);
  const months = words.map((word) => (/^\p{L}/u.test(word) ? monthNumber(word) : null));
  const monthIndex = months.findLastIndex((month) => month !== null);
  const month = months[monthIndex];
  if (!month) return null;
  const date: WrittenDate = { year: NaN, month, day: NaN, time: null, zone: null };
  for (const [index, word] of words.entries()) {
    if (index === monthIndex) continue;
    if (!placeWord(date, word, index)) return null;
  }
  return Number.isNaN(date.year) || Number.isNaN(date.day) ? null : date;
}

function separateWords(text: string): string[] {
  return text
    .replace(/\([^()]*\)/g, ' ')
    .replace(/(\d)-(\p{L}+\.?)-(\d)/gu, '$1 $2 $3')
    .split(/[\s,]+/)
    .map((word) => word.replace(/\.$/, ''))
    .filter((word) => word !== '');
}

/** Puts one word where it belongs. False for a word that means nothing here, or a second one of its kind. */
function placeWord(date: WrittenDate, word: string, index: number): boolean {
  if (/^\d{1,2}$/.test(word) && Number.isNaN(date.day)) date.day = Number(word);
  else if (/^(\d{2}|\d{4})$/.test(word) && Number.isNaN(date.year)) date.year = fullYear(word);
  else if (TIME.test(word) && date.time === null) date.time = word;
  else if (isZone(word) && date.time !== null && date.zone === null) date.zone = word;
  // Only the first word can be a weekday, in whatever language; "de" stands in Portuguese and Spanish dates.
  else return /^\p{L}+$/u.test(word) && (index === 0 || word.toLowerCase() === 'de');
  return true;
}

/** Two digits as RFC 2822 §4.3 reads them: 00 to 49 are 2000 to 2049. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 4) return year;
  return year < 50 ? 2000 + year : 1900 + year;
}

function isZone(word: string): boolean {
  return OFFSET.test(word) || ZONE_HOURS.has(word.toUpperCase());
}

/** Minutes east of UTC, or null for a zone that is unknown or impossible. */
function offsetMinutes(zone: string): number | null {
  const hours = ZONE_HOURS.get(zone.toUpperCase());
  if (hours !== undefined) return hours * 60;
  const match = OFFSET.exec(zone);
  const minutes = Number(match?.[2]) * 60 + Number(match?.[3]);
  if (!match || minutes > 15 * 60 || Number(match[3]) > 59) return null;
  return match[1] === '-' ? -minutes : minutes;
}

function toInstant(date: WrittenDate): PubDate | null {
  const clock = readClock(date.time ?? '00:00');
  const offset = offsetMinutes(date.zone ?? 'UTC');
  const midnight = new Date(Date.UTC(2000, date.month - 1, date.day));
  midnight.setUTCFullYear(date.year, date.month - 1, date.day);
  const exists = midnight.getUTCMonth() === date.month - 1 && midnight.getUTCDate() === date.day;
  if (clock === null || offset === null || !exists || date.year < 1900) return null;
  const instant = new Date(midnight.getTime() + clock - offset * 60_000);
  return { instant, zoneAssumed: date.time !== null && date.zone === null };
}

/** Milliseconds since midnight; a leap second (`:60`) runs over into the next minute. */
function readClock(time: string): number | null {
  const match = TIME.exec(time);
  if (!match) return null;
  const [, hours, minutes, seconds = '0', fraction = ''] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 60) return null;
  const wholeSeconds = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return wholeSeconds * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3));
}
