import { describe, expect, test } from '@jest/globals';
import { ListRejected } from '../domain/classification/list.errors.js';
import { openCountryLookup } from '../infrastructure/country-lookup.js';
import { parseNetworks } from '../infrastructure/parse-networks.js';
import { NetworkLookup } from './network-lookup.js';

const CSV = `cidr,class,asn,country
192.0.2.0/24,household,64496,CA
192.0.2.128/25,mobile,64497,
192.0.2.130,hosting,,US
198.51.100.0/26,hosting,AS64500,US
198.51.100.0/26,vpn,64501,NL

2001:db8:a000::/36,household,64496,CA
2001:db8:a000:1::/64,campus,64503,
`;

const NOWHERE = () => null;
async function lookup(csv: string, countryOf: (address: string) => string | null = NOWHERE) {
  return new NetworkLookup('test', await parseNetworks(Buffer.from(csv)), countryOf);
}
const unknown = { networkClass: 'unknown', asn: null, country: null };

describe('the network of an address', () => {
  test.each([
    ['192.0.2.1', { networkClass: 'household', asn: 64496, country: 'CA' }],
    ['192.0.2.129', { networkClass: 'mobile', asn: 64497, country: null }],
    ['192.0.2.130', { networkClass: 'hosting', asn: null, country: 'US' }],
    ['::ffff:192.0.2.130', { networkClass: 'hosting', asn: null, country: 'US' }],
    ['192.0.2.131', { networkClass: 'mobile', asn: 64497, country: null }],
    // Of two lines with one block the later holds.
    ['198.51.100.63', { networkClass: 'vpn', asn: 64501, country: 'NL' }],
    ['198.51.100.64', unknown],
    ['2001:db8:a000::7', { networkClass: 'household', asn: 64496, country: 'CA' }],
    ['2001:db8:a000:1::7', { networkClass: 'campus', asn: 64503, country: null }],
    ['2001:db8:b000::', unknown],
    ['no address', unknown],
    ['', unknown],
  ])('%s', async (address, verdict) => {
    const networks = await lookup(CSV);
    expect(networks.look(address)).toEqual(verdict);
    expect(networks.look(address)).toEqual(verdict);
  });

  test('has the country of the data that comes along where the file names none', async () => {
    const asked: string[] = [];
    const networks = await lookup(CSV, (address) => {
      asked.push(address);
      return 'DE';
    });
    const countries = ['192.0.2.1', '::ffff:192.0.2.129', '203.0.113.9', 'no address'].map(
      (a) => networks.look(a).country,
    );
    expect(countries).toEqual(['CA', 'DE', 'DE', null]);
    expect(asked).toEqual(['192.0.2.129', '203.0.113.9']);
  });
});

test('the countries that come along know the internet, and nothing of addresses that nobody has', () => {
  const countryOf = openCountryLookup();
  expect(['8.8.8.8', '2001:4860:4860::8888', '193.0.6.139'].map(countryOf)).toEqual(['US', 'US', 'NL']);
  expect(['192.0.2.1', '10.0.0.1', '::1', '2001:db8::1'].map(countryOf)).toEqual([null, null, null, null]);
});

describe('a file of networks', () => {
  test.each([
    ['the order of its columns', 'country,cidr,asn,class\nCA,192.0.2.0/24,64496,household'],
    ['a mark at its beginning', '\ufeffcidr,class,asn,country\n192.0.2.0/24,household,64496,CA'],
    ['line ends of Windows', 'cidr,class,asn,country\r\n192.0.2.0/24,household,64496,CA\r\n'],
    ['quotes and blanks', '"cidr",class, asn,country\n"192.0.2.0/24", household ,64496,CA'],
    ['more columns', 'cidr,class,asn,country,note\n192.0.2.0/24,household,64496,CA,"a, b"'],
  ])('may choose %s', async (_, csv) => {
    expect((await lookup(csv)).look('192.0.2.7')).toEqual({
      networkClass: 'household',
      asn: 64496,
      country: 'CA',
    });
  });

  test('may leave the last two columns out, and be empty', async () => {
    expect((await lookup('cidr,class\n192.0.2.0/24,tor')).look('192.0.2.7')).toEqual({
      ...unknown,
      networkClass: 'tor',
    });
    expect((await lookup('cidr,class\n')).look('192.0.2.7')).toEqual(unknown);
  });

  test.each([
    ['cidr,class\n192.0.2.0/24,home', 'line 2: "home" is no class'],
    ['cidr,class\n192.0.2.1/24,tor', 'line 2: "192.0.2.1/24" is no block'],
    ['cidr,class\n\n\n192.0.2.1/24,tor', 'line 4'],
    ['cidr,class,asn\n192.0.2.0/24,tor,x', 'autonomous system'],
    ['cidr,class,asn\n192.0.2.0/24,tor,4294967296', 'autonomous system'],
    ['cidr,class,country\n192.0.2.0/24,tor,uk', 'country'],
    [
      'cidr,klass,note\n192.0.2.0/24,tor,x',
      'networks, header: missing "class", unknown "klass", "note"; known columns are cidr, class, asn, country',
    ],
    ['block,asn\n192.0.2.0/24,1', 'header: missing "cidr", "class", unknown "block"; known'],
    ['class,asn\ntor,1', 'header: missing "cidr"; known'],
    ['cidr,class\n192.0.2.0/24', 'networks'],
    ['cidr,class\n"192.0.2.0/24,tor', 'networks'],
    [`cidr,class\n${'1'.repeat(2_000)},tor`, 'networks'],
  ])('%#: is refused for %s', async (csv, message) => {
    await expect(lookup(csv)).rejects.toThrow(ListRejected);
    await expect(lookup(csv)).rejects.toThrow(message);
  });
});
