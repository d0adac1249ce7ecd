import { expect, test } from '@jest/globals';
import { toTenantId } from '@lib/primitives';
import { readLink, signLink, type SignedLink } from './signed-link.js';

const SECRET = 'a secret of at least 32 characters';
const LINK = {
  tenantId: toTenantId('0b9c5f1e-7a41-4c53-9f0e-2d6a8b3c4d5e'),
  id: '6d0f5e0a-3f0e-4d53-9a55-8f0b7a1c4e52',
  expiresAtMs: Date.UTC(2026, 9, 17, 12),
};
const signExportLink = (secret: string, link: SignedLink) => signLink(secret, 'export-link', link);
const readExportLink = (secret: string, text: string, nowMs: number) =>
  readLink(secret, 'export-link', text, nowMs);
const BEFORE = LINK.expiresAtMs - 1;
const signed = signExportLink(SECRET, LINK);

test('opens what it was made for, until it expires', () => {
  expect(signed).toMatch(/^[\w-]{94}$/);
  expect(readExportLink(SECRET, signed, BEFORE)).toEqual(LINK);
  expect(readExportLink(SECRET, signed, LINK.expiresAtMs)).toBeUndefined();
});

test('opens nothing when any letter of it is another', () => {
  for (let at = 0; at < signed.length; at += 1)
    for (const letter of ['A', 'B', '_', '='].filter((each) => each !== signed[at]))
      expect(
        readExportLink(SECRET, signed.slice(0, at) + letter + signed.slice(at + 1), BEFORE),
      ).toBeUndefined();
});

test('opens nothing for another tenant, request, time or secret', () => {
  const other = { ...LINK, tenantId: toTenantId('ffffffff-7a41-4c53-9f0e-2d6a8b3c4d5e') };
  const mixed = (named: string, signature: string) =>
    Buffer.concat([
      Buffer.from(named, 'base64url').subarray(0, 38),
      Buffer.from(signature, 'base64url').subarray(38),
    ]).toString('base64url');
  for (const link of [other, { ...LINK, id: other.tenantId }, { ...LINK, expiresAtMs: BEFORE + 9e9 }])
    expect(readExportLink(SECRET, mixed(signExportLink(SECRET, link), signed), BEFORE)).toBeUndefined();
  expect(readExportLink(`${SECRET}!`, signed, BEFORE)).toBeUndefined();
});

test('opens nothing for another purpose', () => {
  expect(readLink(SECRET, 'export-file', signed, BEFORE)).toBeUndefined();
  expect(readLink(SECRET, 'export-file', signLink(SECRET, 'export-file', LINK), BEFORE)).toEqual(LINK);
});

test.each(['', 'x', '../../v1/keys', signed.slice(1), `${signed}A`, ` ${signed}`, `${signed}==`, '\0'])(
  'is not %j',
  (text) => {
    expect(readExportLink(SECRET, text, BEFORE)).toBeUndefined();
  },
);
