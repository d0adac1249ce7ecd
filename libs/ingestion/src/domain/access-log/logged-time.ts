import { parseOccurredAt } from '../parse-occurred-at.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LOCAL = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/;

/** Reads RFC 3339. Undefined for anything else. */
export function isoTimeMs(text: string): number | undefined {
  const at = parseOccurredAt(text);
  return typeof at === 'string' ? undefined : at.getTime();
}

/** Reads the time of the common log format, `15/Oct/2026:01:17:19 +0200`. Undefined for anything else. */
export function localTimeMs(text: string): number | undefined {
  const [, day = '', month = '', year = '', clock = '', hours = '', minutes = ''] = LOCAL.exec(text) ?? [];
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  return isoTimeMs(`${year}-${number}-${day}T${clock}${hours}:${minutes}`);
}

/** Reads nginx's `$msec`, seconds since 1970 with milliseconds. Undefined for anything else. */
export function epochTimeMs(text: string): number | undefined {
  return /^\d{9,11}\.\d{3}$/.test(text) ? Number(text.replace('.', '')) : undefined;
}
