import { GVL, PurposeRestriction, RestrictionType, Segment, TCModel, TCString } from '@iabtcf/core';
import { describe, expect, test } from '@jest/globals';
import { readConsent, type ConsentPolicy } from './read-consent.js';
import { readTcString } from './read-tc-string.js';

const VENDOR = 42;
const POLICY: ConsentPolicy = {
  legalBasis: 'legitimate_interest',
  tcfVendorId: null,
  honourGpc: false,
  honourDnt: false,
};
const NONE = { basis: 'unknown', identifiers: false };
const BY_CONSENT = { basis: 'consent', identifiers: true };
const BY_INTEREST = { basis: 'legitimate_interest', identifiers: true };

/** A list of vendors of our own: each may rely on either basis for every purpose. */
function vendorList(): GVL {
  const purposes = Object.fromEntries(
    Array.from({ length: 11 }, (_, n) => [
      n + 1,
      { id: n + 1, name: 'p', description: '', illustrations: [] },
    ]),
  );
  const vendors = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [
      n + 1,
      {
        id: n + 1,
        name: `Vendor ${n + 1}`,
        purposes: [1, 2, 3, 4, 5, 6],
        legIntPurposes: [7, 8, 9, 10],
        flexiblePurposes: [2, 7, 8, 9, 10],
        specialPurposes: [],
        features: [],
        specialFeatures: [],
      },
    ]),
  );
  return new GVL({
    gvlSpecificationVersion: 3,
    vendorListVersion: 100,
    tcfPolicyVersion: 5,
    lastUpdated: '2026-03-01T00:00:00Z',
    purposes,
    specialPurposes: {},
    features: {},
    specialFeatures: {},
    stacks: {},
    vendors,
  } as never);
}
const LIST = vendorList();

interface Choice {
  consents?: number[];
  interests?: number[];
  vendorConsents?: number[];
  vendorInterests?: number[];
  restrictions?: [purpose: number, type: RestrictionType, vendor: number][];
  created?: Date;
}

/** The framework's own library writes what we read. */
function tcString(choice: Choice): string {
  const model = new TCModel(LIST);
  model.cmpId = 10;
  model.cmpVersion = 1;
  model.isServiceSpecific = true;
  model.purposeConsents.set(choice.consents ?? []);
  model.purposeLegitimateInterests.set(choice.interests ?? []);
  model.vendorConsents.set(choice.vendorConsents ?? []);
  model.vendorLegitimateInterests.set(choice.vendorInterests ?? []);
  for (const [purpose, type, vendor] of choice.restrictions ?? [])
    model.publisherRestrictions.add(vendor, new PurposeRestriction(purpose, type));
  model.created = choice.created ?? new Date('2026-10-01T00:00:00Z');
  model.lastUpdated = model.created;
  return TCString.encode(model, { segments: [Segment.CORE, Segment.VENDORS_DISCLOSED] });
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const bits = (value: number, width: number) => value.toString(2).padStart(width, '0');
const encode = (text: string) =>
  (text.padEnd(Math.ceil(text.length / 6) * 6, '0').match(/.{6}/g) ?? [])
    .map((sextet) => LETTERS.charAt(parseInt(sextet, 2)))
    .join('');

/** The segment that says which vendors were shown. */
const shown = (vendors: number[]) =>
  encode(
    bits(1, 3) +
      bits(200, 16) +
      '0' +
      Array.from({ length: 200 }, (_, n) => (vendors.includes(n + 1) ? '1' : '0')).join(''),
  );

describe('a request without a TC string', () => {
  test.each([
    [{}, {}, BY_INTEREST],
    [{ gdpr: '0' }, {}, BY_INTEREST],
    [{}, { legalBasis: 'contract' }, { basis: 'contract', identifiers: true }],
    [{}, { legalBasis: 'consent' }, NONE],
    [{ gdpr: '0' }, { legalBasis: 'consent' }, NONE],
    [{}, { legalBasis: 'unknown' }, NONE],
    [{ gdpr: '1' }, {}, NONE],
    [{ gdpr: 'true' }, {}, NONE],
    [{ gdpr: '' }, {}, NONE],
    [{ gdpr: '1', gdprConsent: '' }, {}, NONE],
    [{ gdprConsent: '' }, {}, NONE],
    [{ gdpr: '1', gdprConsent: 'nonsense' }, {}, NONE],
    [{ gdpr: '1', gdprConsent: 'A'.repeat(300) }, {}, NONE],
    [{ secGpc: '1' }, {}, BY_INTEREST],
    [{ secGpc: '1' }, { honourGpc: true }, NONE],
    [{ secGpc: '0' }, { honourGpc: true }, BY_INTEREST],
    [{ dnt: '1' }, {}, BY_INTEREST],
    [{ dnt: '1' }, { honourDnt: true }, NONE],
  ] as const)('%j under %j', (signals, policy, consent) => {
    expect(readConsent(signals, { ...POLICY, ...policy })).toEqual(consent);
  });
});

describe('a TC string', () => {
  const ALL = [7, 8, 9];
  const read = (choice: Choice, policy: Partial<ConsentPolicy> = {}) =>
    readConsent({ gdpr: '1', gdprConsent: tcString(choice) }, { ...POLICY, ...policy });
  const asVendor = (choice: Choice, policy: Partial<ConsentPolicy> = {}) =>
    read(choice, { tcfVendorId: VENDOR, ...policy });

  test('counts for a tenant who is not on the list by its purposes alone, and only as consent', () => {
    expect(read({ consents: ALL })).toEqual(BY_CONSENT);
    expect(read({ consents: [1, 2, 3, 4, 5, 6, 7, 8] })).toEqual(NONE);
    expect(read({ interests: ALL, vendorInterests: [VENDOR] })).toEqual(NONE);
  });

  test('counts for a vendor when it names the vendor', () => {
    expect(asVendor({ consents: ALL })).toEqual(NONE);
    expect(asVendor({ consents: ALL, vendorConsents: [VENDOR] })).toEqual(BY_CONSENT);
    expect(asVendor({ consents: ALL, vendorConsents: [VENDOR - 1, VENDOR + 1] })).toEqual(NONE);
    expect(asVendor({ interests: ALL, vendorInterests: [VENDOR] })).toEqual(BY_INTEREST);
    expect(asVendor({ interests: ALL, vendorInterests: [VENDOR] }, { legalBasis: 'consent' })).toEqual(NONE);
    const mixed = { consents: [7], interests: [8, 9], vendorConsents: [VENDOR], vendorInterests: [VENDOR] };
    expect(asVendor(mixed)).toEqual(BY_INTEREST);
  });

  test('is read with what the publisher restricts', () => {
    const both = { consents: ALL, interests: ALL, vendorConsents: [VENDOR], vendorInterests: [VENDOR] };
    const restricted = (type: RestrictionType, vendor = VENDOR) =>
      asVendor({ ...both, restrictions: [[8, type, vendor]] });
    expect(restricted(RestrictionType.NOT_ALLOWED)).toEqual(NONE);
    expect(restricted(RestrictionType.NOT_ALLOWED, VENDOR + 1)).toEqual(BY_CONSENT);
    expect(restricted(RestrictionType.REQUIRE_CONSENT)).toEqual(BY_CONSENT);
    expect(
      asVendor({
        interests: ALL,
        vendorInterests: [VENDOR],
        restrictions: [[8, RestrictionType.REQUIRE_CONSENT, VENDOR]],
      }),
    ).toEqual(NONE);
  });

  test('of today says nothing of a vendor that was not shown; one of before need not say', () => {
    const read = (created: string, ...segments: string[]) => {
      const choice = { consents: ALL, vendorConsents: [VENDOR], created: new Date(created) };
      const gdprConsent = [tcString(choice).split('.')[0], ...segments].join('.');
      return readConsent({ gdprConsent }, { ...POLICY, tcfVendorId: VENDOR });
    };
    expect(read('2026-03-01T00:00:00Z', shown([VENDOR]))).toEqual(BY_CONSENT);
    expect(read('2026-03-01T00:00:00Z', shown([VENDOR + 1]))).toEqual(NONE);
    expect(read('2026-03-01T00:00:00Z')).toEqual(NONE);
    expect(read('2026-02-01T00:00:00Z', shown([VENDOR + 1]))).toEqual(NONE);
    expect(read('2026-02-01T00:00:00Z')).toEqual(BY_CONSENT);
  });

  test('says of every vendor what the framework’s own library says', () => {
    const pick = (share: number) =>
      Array.from({ length: 200 }, (_, n) => n + 1).filter(() => Math.random() < share);
    // Few vendors are written as ranges, many as bits.
    for (const share of [0, 0.01, 0.05, 0.5, 0.98]) {
      const text = tcString({
        consents: [1, 7, 9],
        interests: [8, 10],
        vendorConsents: pick(share),
        vendorInterests: pick(share),
        restrictions: pick(0.1).map((vendor) => [7 + (vendor % 3), RestrictionType.REQUIRE_CONSENT, vendor]),
      });
      const model = TCString.decode(text);
      for (let vendor = 1; vendor <= 210; vendor += 1) {
        const ours = readTcString(text, vendor)!;
        expect([vendor, ours.vendor?.consent, ours.vendor?.interest, ours.vendor?.disclosed]).toEqual([
          vendor,
          model.vendorConsents.has(vendor),
          model.vendorLegitimateInterests.has(vendor),
          model.vendorsDisclosed.has(vendor),
        ]);
        expect([...ours.vendor!.restrictions.keys()]).toEqual(
          [7, 8, 9].filter(
            (purpose) => model.publisherRestrictions.getRestrictionType(vendor, purpose) !== undefined,
          ),
        );
        expect([...ours.consents]).toEqual([1, 7, 9]);
        expect([...ours.interests]).toEqual([8, 10]);
        expect(ours.createdAtMs).toBe(model.created.getTime());
      }
    }
  });
});

describe('a TC string that somebody made up', () => {
  const head = bits(2, 6) + '0'.repeat(36 + 36 + 74 + 24 + 24 + 1 + 12);

  test('takes no longer because it names millions of vendors', () => {
    const range = `1${bits(1, 16)}${bits(65_535, 16)}`;
    const vendors = bits(65_535, 16) + '1' + bits(700, 12) + range.repeat(700);
    const restrictions = bits(200, 12) + (bits(8, 6) + bits(0, 2) + bits(1, 12) + range).repeat(200);
    const text = encode(head + vendors + (bits(0, 16) + '0') + restrictions);
    expect(text.length).toBeLessThan(8_192);
    const started = performance.now();
    for (let n = 0; n < 20; n += 1)
      expect(readTcString(text, VENDOR)?.vendor).toMatchObject({ consent: true, interest: false });
    expect((performance.now() - started) / 20).toBeLessThan(20);
  });

  test('is malformed when it ends too early, is too long or no base64url', () => {
    const whole = tcString({ consents: [7, 8, 9], vendorConsents: [VENDOR] });
    const core = whole.split('.')[0]!;
    for (let length = 0; length < core.length - 2; length += 1)
      expect([length, readTcString(core.slice(0, length), VENDOR)]).toEqual([length, undefined]);
    for (const text of [
      `${core}.`,
      `.${core}`,
      `${core}=`,
      `${core} `,
      `${core}.Ä`,
      `B${core.slice(1)}`,
      'C'.repeat(9_000),
    ])
      expect([text.slice(0, 80), readTcString(text, VENDOR)]).toEqual([text.slice(0, 80), undefined]);
  });

  test('never throws', () => {
    for (let n = 0; n < 5_000; n += 1) {
      const text = Array.from({ length: 1 + Math.floor(Math.random() * 120) }, () =>
        LETTERS.charAt(Math.floor(Math.random() * 64)),
      ).join('');
      readTcString(`C${text}`, VENDOR);
      readTcString(`C${text}.I${text}`, VENDOR);
    }
  });
});
