import iconv from 'iconv-lite';

const BYTE_ORDER_MARKS: readonly (readonly [readonly number[], string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
  // Without a mark, the first two characters of a document tell: "<?" or "<r".
  [[0x3c, 0x00], 'utf-16le'],
  [[0x00, 0x3c], 'utf-16be'],
];

/** Names that mean less than they should: browsers read Latin-1 and ASCII as Windows-1252 (WHATWG Encoding §4.2). */
const WINDOWS_1252_LABELS = /^(?:iso-?8859-?1|iso_8859-1|latin-?1|l1|us-ascii|ascii|cp1252|windows-1252)$/;
const UTF_8_LABELS = /^utf-?8$/;

/** Single-byte and East Asian charsets; UTF-7 stays out because it hides markup from every later check. */
const SUPPORTED_LABELS =
  /^(?:iso-?8859-\d{1,2}|windows-\d{3,4}|koi8-[ru]|macintosh|macroman|shift_jis|euc-(?:jp|kr)|big5(?:-hkscs)?|gb2312|gbk|gb18030|tis-620)$/;

/** The text of a feed, how it was decoded, and what was assumed on the way. */
export interface DecodedFeed {
  readonly text: string;
  readonly charset: string;
  /** Set where the feed or its server named no usable charset, or a wrong one. */
  readonly assumption: string | null;
}

/**
 * Decodes a feed. Order: byte order mark; charset of the HTTP header; XML declaration; UTF-8. A document that
 * declares UTF-8 (or nothing) and is valid UTF-8 is UTF-8 whatever the header says, because servers add headers
 * to files that they do not read. Invalid UTF-8 never fails: bad bytes become U+FFFD.
 * @param httpCharset the `charset` of the Content-Type header, if any
 */
export function decodeFeed(bytes: Uint8Array, httpCharset: string | null): DecodedFeed {
  const marked = BYTE_ORDER_MARKS.find(([mark]) => mark.every((byte, index) => bytes[index] === byte))?.[1];
  if (marked) return decodeAs(bytes, marked, null);
  const header = knownCharset(httpCharset);
  const declared = knownCharset(declaredCharset(bytes));
  const mayBeUtf8 = header === 'utf-8' || declared === 'utf-8' || declared === null;
  const text = mayBeUtf8 ? decodeUtf8(bytes) : null;
  if (text !== null) return { text, charset: 'utf-8', assumption: overruledHeader(header, text) };
  const other = [header, declared].find((charset) => charset !== null && charset !== 'utf-8');
  if (!other) return decodeAs(bytes, 'utf-8', 'UTF-8, although some bytes are none');
  const overruled = header !== null && header !== other;
  return decodeAs(bytes, other, overruled ? `${other}, because the bytes are no ${header}` : null);
}

/** Worth a warning only where the two charsets differ. */
function overruledHeader(header: string | null, text: string): string | null {
  const differs = header !== null && header !== 'utf-8' && /[^\u0000-\u007f]/.test(text); // eslint-disable-line no-control-regex
  return differs ? `UTF-8, not ${header} as its server says` : null;
}

function decodeAs(bytes: Uint8Array, charset: string, assumption: string | null): DecodedFeed {
  return { text: iconv.decode(bytes, charset), charset, assumption };
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The encoding of the XML declaration, which is ASCII in every charset that we read. */
function declaredCharset(bytes: Uint8Array): string | null {
  const start = iconv.decode(bytes.subarray(0, 512), 'latin1');
  return /^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/i.exec(start)?.[1] ?? null;
}

function knownCharset(label: string | null): string | null {
  const name = label?.trim().toLowerCase() ?? '';
  if (UTF_8_LABELS.test(name)) return 'utf-8';
  if (WINDOWS_1252_LABELS.test(name)) return 'windows-1252';
  return SUPPORTED_LABELS.test(name) && iconv.encodingExists(name) ? name : null;
}
