import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileLogFormat, NAMED_FORMATS } from './compile-log-format.js';
import { hashRequest } from './hash-request.js';
import { identifyRequests } from './identify-requests.js';
import { isLineFault } from './line-fault.js';
import type { LoggedLine } from './line-parser.js';
import { detectLogFormat, openLogFormat } from './log-formats.js';
import type { LoggedRequest } from './logged-request.js';
import { ndjsonParser } from './ndjson-parser.js';
import { templateParser } from './template-parser.js';

const FIELDS = ['date', 'time', 'sc-bytes', 'c-ip', 'cs-method', 'cs-uri-stem', 'sc-status', 'cs(Referer)'];
const MORE_FIELDS = [
  'cs(User-Agent)',
  'cs-uri-query',
  'x-edge-request-id',
  'x-host-header',
  'sc-content-len',
];
const RANGE_FIELDS = ['sc-range-start', 'sc-range-end', 'x-forwarded-for'];
const ALL_FIELDS = [...FIELDS, ...MORE_FIELDS, ...RANGE_FIELDS];

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((s) => s.isWellFormed() && s !== '-');
const header = text.filter((s) => !/\p{Cc}/u.test(s));
const pathText = fc
  .array(
    fc
      .nat({ max: 93 })
      .map((code) => String.fromCharCode(33 + code))
      .filter((letter) => letter !== '?' && letter !== '#'),
    { minLength: 1, maxLength: 30 },
  )
  .map((parts) => `/${parts.join('')}`);
const address = fc.oneof(fc.ipV4(), fc.ipV6());

/** Requests that every format can tell. */
const requests: fc.Arbitrary<LoggedRequest> = fc.record({
  occurredAtMs: fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * 1_000),
  address,
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'M-SEARCH'),
  host: fc.constant(null),
  path: pathText,
  query: fc.option(pathText.map((path) => `q=${path.slice(1)}`)),
  status: fc.integer({ min: 0, max: 999 }),
  bytesServed: fc.nat(),
  rangeAsked: fc.option(fc.constantFrom('bytes=0-1', 'bytes=-500', 'bytes=0-5, 7-', 'seconds=1-2')),
  rangeServed: fc.constant(null),
  userAgent: fc.option(header),
  referrer: fc.option(header),
  requestId: fc.constant(null),
});

/** As nginx writes a value: what is not plain ASCII, quotes and backslashes as bytes in hexadecimal. */
function nginxValue(value: string | null): string {
  if (value === null) return '-';
  return [...Buffer.from(value)]
    .map((byte) => {
      const isPlain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92;
      return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function nginxLine(request: LoggedRequest): string {
  const [date = '', time = ''] = new Date(request.occurredAtMs).toISOString().split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  const target = request.path + (request.query === null ? '' : `?${request.query}`);
  return (
    `${request.address} - - [${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000] ` +
    `"${nginxValue(`${request.method} ${target} HTTP/1.1`)}" ${String(request.status).padStart(3, '0')} ` +
    `${request.bytesServed} "${nginxValue(request.referrer)}" "${nginxValue(request.userAgent)}" "${nginxValue(request.rangeAsked)}"`
  );
}

/** As CloudFront writes a value: once percent-encoded. */
function cloudFrontValue(value: string | null): string {
  return value === null ? '-' : encodeURIComponent(value);
}

function cloudFrontLines(request: LoggedRequest): string[] {
  const [date = '', time = ''] = new Date(request.occurredAtMs).toISOString().split('T');
  const values: Record<string, string | number | null> = {
    date,
    time: time.slice(0, 8),
    'sc-bytes': (request.bytesServed ?? 0) + 700,
    'c-ip': request.address,
    'cs-method': request.method,
    'cs-uri-stem': cloudFrontValue(request.path).replaceAll('%2F', '/'),
    'sc-status': String(request.status).padStart(3, '0'),
    'cs(Referer)': cloudFrontValue(request.referrer),
    'cs(User-Agent)': cloudFrontValue(request.userAgent),
    'cs-uri-query': cloudFrontValue(request.query),
    'sc-content-len': request.method === 'HEAD' ? '-' : String(request.bytesServed),
    'x-forwarded-for': request.address,
  };
  return [`#Fields: ${ALL_FIELDS.join(' ')}`, ALL_FIELDS.map((name) => values[name] ?? '-').join('\t')];
}

function ndjsonLine({ occurredAtMs, ...request }: LoggedRequest): string {
  return JSON.stringify({ occurredAt: new Date(occurredAtMs).toISOString(), ...request });
}

const WRITERS = {
  combined_range: (request: LoggedRequest) => [nginxLine(request)],
  cloudfront: cloudFrontLines,
  ndjson: (request: LoggedRequest) => [ndjsonLine(request)],
};
type Format = keyof typeof WRITERS;
const formats = fc.constantFrom(...(Object.keys(WRITERS) as Format[]));

function readBack(format: Format, request: LoggedRequest): LoggedLine {
  const parse = openLogFormat(format)();
  const line = WRITERS[format](request).map(parse).at(-1);
  if (!line || isLineFault(line)) throw new Error(`not a request: ${line?.rule ?? 'nothing'}`);
  return line;
}

test('what a server writes is read back as it was', () => {
  fc.assert(
    fc.property(requests, formats, (request, format) => {
      const { request: read } = readBack(format, request);
      const hasNoBody =
        format === 'cloudfront' && (request.method === 'HEAD' || [204, 304].includes(request.status ?? 0));
      expect(read).toEqual({
        ...request,
        ...(format === 'cloudfront' && { rangeAsked: null }),
        ...(hasNoBody && { bytesServed: 0 }),
      });
    }),
    { numRuns: 1_000 },
  );
});

test('the format of every log is found out', () => {
  fc.assert(
    fc.property(fc.array(requests, { minLength: 1, maxLength: 5 }), formats, (many, format) => {
      expect(detectLogFormat(many.flatMap((request) => WRITERS[format](request)))).toBe(format);
    }),
  );
});

test('no address enters an identity or a hash', () => {
  fc.assert(
    fc.property(requests, address, formats, (request, other, format) => {
      const lines = [readBack(format, request), readBack(format, { ...request, address: other })];
      const ids = lines.map((line) => identifyRequests('source')(line, 1));
      expect(ids[1]).toBe(ids[0]);
      expect(hashRequest(lines[1]!.request)).toBe(hashRequest(lines[0]!.request));
    }),
  );
});

test('no line, however mangled, is more than a fault', () => {
  const parsers = [
    openLogFormat('cloudfront')(),
    ndjsonParser(),
    templateParser(compileLogFormat(NAMED_FORMATS['combined']!)),
  ];
  parsers[0]!(`#Fields: ${ALL_FIELDS.join(' ')}`);
  const mangled = fc
    .tuple(requests, formats, fc.nat(), fc.nat(), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([request, format, at, cut, put]) => {
      const line = WRITERS[format](request).at(-1) ?? '';
      const from = at % (line.length + 1);
      return line.slice(0, from) + put + line.slice(from + (cut % 10));
    });
  fc.assert(
    fc.property(fc.oneof(mangled, fc.string({ unit: 'binary' })), (line) => {
      for (const parse of parsers) {
        const read = parse(line);
        if (read === null || isLineFault(read)) continue;
        const { request } = read;
        expect(Number.isSafeInteger(request.occurredAtMs)).toBe(true);
        expect(request.path).not.toMatch(/\p{Cc}/u);
        expect(request.path.isWellFormed()).toBe(true);
      }
    }),
    { numRuns: 3_000 },
  );
});
