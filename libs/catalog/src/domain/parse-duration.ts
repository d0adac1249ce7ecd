/** Longer values are mistakes: most often milliseconds. Seven days. */
const MAX_DURATION_SECONDS = 7 * 24 * 3600;

const CLOCK = /^(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,9})?)$/;
const SECONDS = /^\d{1,9}(?:\.\d{1,9})?$/;
const ISO = /^PT(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8}(?:\.\d{1,9})?)S)?$/i;

/**
 * Reads an `itunes:duration`: seconds, `MM:SS`, `HH:MM:SS` or ISO 8601 (`PT29M42S`), rounded to whole seconds.
 * @returns null when the text is none of these, is zero, or is longer than seven days.
 */
export function parseDuration(text: string): number | null {
  const plain = text.trim();
  const seconds = SECONDS.test(plain) ? Number(plain) : (sumParts(CLOCK, plain) ?? sumParts(ISO, plain));
  if (seconds === null) return null;
  const rounded = Math.round(seconds);
  return rounded > 0 && rounded <= MAX_DURATION_SECONDS ? rounded : null;
}

function sumParts(pattern: RegExp, text: string): number | null {
  const match = pattern.exec(text);
  if (!match) return null;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
