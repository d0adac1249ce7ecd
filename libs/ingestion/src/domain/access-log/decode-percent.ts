const ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/** Undoes one layer of percent-encoding. Bytes that are no UTF-8 become U+FFFD; a lone percent sign stays. */
export function decodePercent(text: string): string {
  return text.includes('%') ? text.replace(ESCAPES, decodeRun) : text;
}

function decodeRun(run: string): string {
  if (run === '%20') return ' ';
  return Buffer.from(run.replaceAll('%', ''), 'hex').toString();
}
