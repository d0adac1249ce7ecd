import { describe, expect, test } from '@jest/globals';
import { toTenantId } from '@lib/primitives';
import fc from 'fast-check';
import { knownNetwork } from './known-network.js';
import { hashReceipt, readReceipt, writeReceipt, type Receipt } from './receipt.js';

const text = fc.option(fc.string({ unit: 'grapheme' }), { nil: null });
const id = fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: null });
const receipt: fc.Arbitrary<Receipt> = fc.record({
  id: fc.uuid(),
  occurredAt: fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
  tenantId: fc.uuid().map(toTenantId),
  kind: fc.constant('redirect' as const),
  targetId: fc.uuid(),
  mediaKey: fc.string(),
  method: fc.constantFrom('GET', 'HEAD'),
  userAgent: text,
  referrer: text,
  range: text,
  sessionId: text,
  network: fc
    .record({
      networkClass: fc.constantFrom('household', 'hosting', 'unknown'),
      asn: fc.option(fc.nat(), { nil: null }),
      country: fc.constantFrom('GB', null),
    })
    .chain((verdict) =>
      fc
        .option(fc.record({ kind: fc.constantFrom('included', 'excluded'), entryId: fc.uuid() }), {
          nil: null,
        })
        .map((listed) => knownNetwork(verdict, listed)),
    ),
  ids: fc.record({
    countToday: id,
    countYesterday: id,
    addressDay: id,
    audienceA: id,
    audienceB: id,
    net: id,
  }),
});

describe('a receipt', () => {
  test('is read back from its line as it was', () => {
    fc.assert(
      fc.property(receipt, (given) => {
        const line = writeReceipt(given);
        expect(line).not.toContain('\n');
        expect(readReceipt(line)).toEqual(given);
        expect(hashReceipt(readReceipt(line))).toBe(hashReceipt(given));
      }),
    );
  });

  test('has another hash when anything but its listener differs', () => {
    fc.assert(
      fc.property(
        receipt,
        receipt,
        fc.constantFrom('targetId', 'mediaKey', 'userAgent', 'range'),
        (one, two, field) => {
          const changed = { ...one, [field]: two[field] };
          expect(hashReceipt(changed) === hashReceipt(one)).toBe(one[field] === two[field]);
          expect(hashReceipt({ ...one, ids: two.ids })).toBe(hashReceipt(one));
        },
      ),
    );
  });
});
