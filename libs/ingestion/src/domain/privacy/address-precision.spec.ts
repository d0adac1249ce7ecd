import { describe, expect, test } from '@jest/globals';
import { addressPrecision, listenerPrecision } from './address-precision.js';

describe('the precision of addresses', () => {
  test.each(['DE', 'FR', 'RE', 'AX', 'IS', 'LI', 'NO', 'GB', 'CH', null])(
    'is coarse for %p where they are cut',
    (country) => {
      expect(addressPrecision(country, 'truncate')).toBe('coarse');
      expect(addressPrecision(country, 'keyed_hash')).toBe('whole');
    },
  );

  test.each(['US', 'BR', 'TR', 'UA', 'RS', 'JP', 'de'])('is whole for %p in any case', (country) => {
    expect(addressPrecision(country, 'truncate')).toBe('whole');
  });

  test('makes numbers of listeners coarse as soon as some addresses are cut', () => {
    expect(listenerPrecision('truncate')).toBe('coarse');
    expect(listenerPrecision('keyed_hash')).toBe('whole');
  });
});
