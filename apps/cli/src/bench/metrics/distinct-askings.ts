/** Which tenant, from 0, and how many days before the last one. */
export type TenantAndShift = readonly [tenant: number, daysBefore: number];

/** As often as chance may repeat itself before there is nothing left to be found. */
const TRIES = 50;

/**
 * Different pairs of a tenant and a shift, fewer than asked for where there are not as many. Small and large tenants come up
 * alike often by the order of their size: from the first to the tenth as often as from the hundredth to the thousandth.
 *
 * @param random numbers from 0 to below 1
 */
export function distinctAskings(
  tenants: number,
  shifts: number,
  wanted: number,
  random: () => number = Math.random,
): TenantAndShift[] {
  const found = new Map<string, TenantAndShift>();
  for (let tries = 0; found.size < wanted && tries < wanted * TRIES; tries += 1) {
    const tenant = Math.floor((tenants + 1) ** random()) - 1;
    const pair: TenantAndShift = [Math.min(tenants - 1, tenant), Math.floor(shifts * random())];
    found.set(pair.join(' '), pair);
  }
  return [...found.values()];
}
