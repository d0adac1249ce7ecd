import type { BenchTenant } from './bench-tenant.js';

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney'] as const;
/** Of the largest tenant. */
const MOST_PODCASTS = 25;

/**
 * Sizes of so many tenants, the largest first: shares of events by Zipf's law, so that of 1,000 the first has an eighth and
 * the middle one a 4,000th, and podcasts that follow the root of the share.
 */
export function tenantShapes(tenants: number): Omit<BenchTenant, 'tenantId' | 'key'>[] {
  const numbers = Array.from({ length: tenants }, (_, n) => n + 1);
  const whole = numbers.reduce((sum, number) => sum + 1 / number, 0);
  return numbers.map((number) => ({
    number,
    timeZone: ZONES[number % ZONES.length] ?? 'UTC',
    share: 1 / number / whole,
    podcasts: Math.max(1, Math.round(MOST_PODCASTS / Math.sqrt(number))),
  }));
}

/** A tenant by its share of events: one that has twice as many comes up twice as often. `at` is from 0 to below 1. */
export function tenantByShare<T extends Pick<BenchTenant, 'share'>>(tenants: readonly T[], at: number): T {
  let rest = at;
  for (const tenant of tenants) {
    rest -= tenant.share;
    if (rest < 0) return tenant;
  }
  const last = tenants.at(-1);
  if (last === undefined) throw new RangeError('there is no tenant');
  return last;
}

/** The smallest, the middle and the largest of tenants in the order of their size. */
export function smallMedianLarge<T>(tenants: readonly T[]): { name: string; tenant: T }[] {
  const named = [
    { name: 'smallest', tenant: tenants.at(-1) },
    { name: 'median', tenant: tenants[Math.floor((tenants.length - 1) / 2)] },
    { name: 'largest', tenant: tenants[0] },
  ];
  return named.flatMap(({ name, tenant }) => (tenant === undefined ? [] : [{ name, tenant }]));
}
