import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { audiencePeriod, AUDIENCE_SERIES } from '@lib/primitives';
import type { EventInput } from './event-input.js';
import { findUnstorable } from './find-unstorable.js';
import { canonicalJson, hash64, hashPayload } from './hash-payload.js';
import { parseEventId } from './parse-event-id.js';
import { parseOccurredAt } from './parse-occurred-at.js';
import { openKey, sealKey } from './seal-key.js';

const DAY = 86_400_000;
const instants = fc.date({ min: new Date('1970-01-01'), max: new Date('9998-01-01'), noInvalidDate: true });

describe('times', () => {
  test('are read as they are written, in any zone', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, offset) => {
        const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const sign = offset < 0 ? '-' : '+';
        const [h, m] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((n) =>
          String(n).padStart(2, '0'),
        );
        const parsed = parseOccurredAt(`${local}${sign}${h}:${m}`);
        // A local time before the year 0 or after 9999 has no four-digit form.
        if (/^\d{4}-/.test(local) && !local.startsWith('0000')) expect(parsed).toEqual(at);
      }),
    );
  });
});

describe('ids', () => {
  test('a UUID is itself; its ULID spelling means the same', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(parseEventId(uuid.toUpperCase())).toBe(uuid);
        const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
        let bits = BigInt(`0x${uuid.replaceAll('-', '')}`);
        let ulid = '';
        for (let n = 0; n < 26; n += 1, bits >>= 5n) ulid = (digits[Number(bits & 31n)] ?? '') + ulid;
        expect(parseEventId(ulid)).toBe(uuid);
      }),
    );
  });
  test('other text is none', () => {
    fc.assert(fc.property(fc.string({ maxLength: 25 }), (text) => parseEventId(text) === undefined));
  });
});

describe('payload hashes', () => {
  const event: EventInput = {
    id: '0192f8a4-7c1e-7b3a-9d52-3f6a8c0e1b47',
    type: 'download_request',
    occurredAt: '2026-10-17T06:15:00.250Z',
    episodeId: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
    sessionId: 'a',
    positionMs: 1,
    placementId: '7c9e6679-7425-40de-944b-e07fc1f90ae8',
    client: { ip: '203.0.113.1', userAgent: 'A', referrer: 'https://example.org/' },
    request: { method: 'GET', status: 206, bytes: 5, range: 'bytes=0-4' },
    data: { a: 1 },
  };
  const reversed = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).reverse()) as T;

  test('do not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
        const other = reversed({ ...event, data: reversed(data), request: reversed(event.request ?? {}) });
        expect(hashPayload(other as EventInput)).toBe(hashPayload({ ...event, data }));
      }),
    );
  });
  test('say everything but the address', () => {
    const { client, request, ...rest } = event;
    const changes: Partial<EventInput>[] = [
      ...Object.keys(rest).map((field) => ({ [field]: field === 'data' ? { a: 2 } : 'another' })),
      ...Object.keys(request ?? {}).map((field) => ({
        request: { method: 'GET', ...request, [field]: 'another' },
      })),
      ...['userAgent', 'referrer'].map((field) => ({ client: { ...client, [field]: 'another' } })),
    ];
    const hashes = changes.map((change) => hashPayload({ ...event, ...change }));
    expect(new Set([hashPayload(event), ...hashes]).size).toBe(changes.length + 1);
    expect(hashPayload({ ...event, client: { ...client, ip: '203.0.113.2' } })).toBe(hashPayload(event));
  });
  test('are of the JSON of every field in order, whatever its text', () => {
    const text = () =>
      fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '\u2028', 'é', '\u{1f600}', '~') });
    const part = fc.record({ text: text(), number: fc.maxSafeNat(), keep: fc.boolean() });
    fc.assert(
      fc.property(part, part, part, ({ text, number, keep }, client, request) => {
        const changed: EventInput = {
          ...event,
          ...(keep ? { sessionId: text, positionMs: number, data: { [text]: [number, text] } } : {}),
          client: { ip: '203.0.113.1', userAgent: client.text, ...(client.keep ? { referrer: text } : {}) },
          request: {
            method: 'GET',
            status: request.number,
            ...(request.keep ? { range: request.text } : {}),
          },
        };
        expect(hashPayload(changed)).toBe(hash64(JSON.stringify(hashedFields(changed))));
      }),
    );
    const { client, request, data, sessionId, positionMs, placementId, ...least } = event;
    for (const fewer of [least, { ...least, client: {} }, { ...least, data: {} }])
      expect(hashPayload(fewer)).toBe(hash64(JSON.stringify(hashedFields(fewer))));
  });
  test('are of canonical text, which reads back as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

type Names<Part> = Record<keyof NonNullable<Part>, unknown>;

/** Version 1 of the rule. The types see to it that a new field is not forgotten. */
function hashedFields({ client, request, data, ...event }: EventInput): object {
  return {
    id: event.id,
    type: event.type,
    occurredAt: event.occurredAt,
    episodeId: event.episodeId,
    sessionId: event.sessionId,
    positionMs: event.positionMs,
    placementId: event.placementId,
    client:
      client &&
      ({ ip: undefined, userAgent: client.userAgent, referrer: client.referrer } satisfies Names<
        typeof client
      >),
    request:
      request &&
      ({
        method: request.method,
        status: request.status,
        bytes: request.bytes,
        range: request.range,
      } satisfies Names<typeof request>),
    consent: undefined,
    data: data && canonicalJson(data),
  } satisfies Names<EventInput>;
}

describe('what can be stored', () => {
  test('JSON of well-formed text and safe numbers passes, whatever its shape', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 20 },
        fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed() && !text.includes('\0')),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('node'), { maxLength: 3 }),
      ),
    })).node;
    fc.assert(fc.property(value, (json) => findUnstorable(json) === undefined));
  });
  test('a bad text is found wherever it hides', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('list', 'object'), { maxLength: 25 }),
        fc.constantFrom('\0', '\ud800', 'a\udc00'),
        (shape, bad) => {
          const hidden = shape.reduce<unknown>(
            (inner, kind) => (kind === 'list' ? [1, inner] : { a: inner, b: 2 }),
            bad,
          );
          expect(findUnstorable(hidden)?.code).toBe(bad === '\0' ? 'nul_byte' : 'lone_surrogate');
        },
      ),
    );
  });
});

describe('audience periods', () => {
  test('any range of half a period lies whole inside one period of one series', () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 180 }), (at, half) => {
        const period = half * 2;
        const day = new Date(Math.floor(at.getTime() / DAY) * DAY);
        const last = new Date(day.getTime() + (half - 1) * DAY);
        const whole = AUDIENCE_SERIES.some(
          (series) =>
            audiencePeriod(series, day, period).period === audiencePeriod(series, last, period).period,
        );
        expect(whole).toBe(true);
      }),
    );
  });
  test('a period ends where the next begins', () => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 2, max: 366 }),
        fc.constantFrom(...AUDIENCE_SERIES),
        (at, days, series) => {
          const { period, end } = audiencePeriod(series, at, days);
          expect(end.getTime() - Date.parse(period)).toBe(days * DAY);
          expect(audiencePeriod(series, end, days).period).toBe(end.toISOString().slice(0, 10));
          expect(at.getTime()).toBeGreaterThanOrEqual(Date.parse(period));
          expect(at.getTime()).toBeLessThan(end.getTime());
        },
      ),
    );
  });
});

describe('sealed keys', () => {
  const master = Buffer.alloc(32, 1);
  test('open where they were sealed, and nowhere else', () => {
    const sealed = sealKey(master, 'a', Buffer.from('the key of a day'));
    expect(openKey(master, 'a', sealed).toString()).toBe('the key of a day');
    expect(() => openKey(master, 'b', sealed)).toThrow();
    expect(() => openKey(Buffer.alloc(32, 2), 'a', sealed)).toThrow();
    const changed = Buffer.from(sealed);
    changed[30] = (changed[30] ?? 0) ^ 1;
    expect(() => openKey(master, 'a', changed)).toThrow();
  });
});
