const ESCAPES = /(?:\\x[0-9a-f]{2})+|\\u[0-9a-f]{4}|\\[^xu]/gi;

const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v' };

/**
 * Undoes the escapes of a logged value: `\xHH` by nginx and Apache, `\"`, `\\` and `\n` by Apache, `\uHHHH` by nginx's
 * JSON. Bytes that are no UTF-8 become U+FFFD.
 */
export function unescapeLogged(value: string): string {
  return value.includes('\\') ? value.replace(ESCAPES, unescapeOne) : value;
}

function unescapeOne(escape: string): string {
  const kind = escape[1] ?? '';
  if (kind === 'x' || kind === 'X')
    return Buffer.from(escape.toLowerCase().replaceAll('\\x', ''), 'hex').toString();
  if (kind === 'u' || kind === 'U') return String.fromCharCode(parseInt(escape.slice(2), 16));
  return LETTERS[kind] ?? kind;
}
