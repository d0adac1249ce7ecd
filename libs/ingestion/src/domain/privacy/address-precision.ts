/**
 * How much of an address is hashed. `whole`: IPv4 whole, IPv6 to 64 bits (PTMG v2.3 §5.5.4). `coarse`: IPv4 to 24 bits,
 * IPv6 to 48, so that up to 256 households are one; whoever has the same agent there is one listener.
 */
export const ADDRESS_PRECISIONS = ['whole', 'coarse'] as const;
export type AddressPrecision = (typeof ADDRESS_PRECISIONS)[number];

/** What a tenant does with addresses of the EEA, the United Kingdom and Switzerland. */
export const EU_MODES = ['keyed_hash', 'truncate'] as const;
export type EuMode = (typeof EU_MODES)[number];

/**
 * ISO 3166-1 codes: the 27 of the EU, with Åland and the outermost regions, which have codes of their own; the other
 * three of the EEA; the United Kingdom and Switzerland.
 */
const PROTECTED = new Set(
  (
    'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE ' +
    'AX GF GP MF MQ RE YT IS LI NO GB CH'
  ).split(' '),
);

/**
 * How precisely an address may be hashed. Where its country is not known, it is treated as one of the EEA: a tenant that
 * cuts addresses wants none of them whole by mistake.
 * @param country ISO 3166-1 alpha-2, in capitals
 */
export function addressPrecision(country: string | null, mode: EuMode): AddressPrecision {
  const isProtected = country === null || PROTECTED.has(country);
  return mode === 'truncate' && isProtected ? 'coarse' : 'whole';
}

/** How exact a tenant's numbers of listeners are, to be stated wherever they are: `coarse` when some addresses are cut. */
export function listenerPrecision(mode: EuMode): AddressPrecision {
  return mode === 'truncate' ? 'coarse' : 'whole';
}
