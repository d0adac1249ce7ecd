import { describe, expect, test } from '@jest/globals';
import { toTenantId } from '@lib/primitives';
import type { DueDay } from './due-days.js';
import { WaitingDays } from './waiting-days.js';

const A = toTenantId('00000000-0000-4000-8000-00000000000a');
const B = toTenantId('00000000-0000-4000-8000-00000000000b');

function dayOf(tenantId: typeof A, number: number): DueDay {
  const day = new Date(Date.UTC(2026, 2, number));
  return { tenantId, day, key: `${tenantId} ${day.toISOString()}` };
}

describe('a list of tenant-days', () => {
  test('gives each day once, in order, and passes over tenants of whom a day is taken', () => {
    const [a1, b1, a2, a3, b2] = [dayOf(A, 1), dayOf(B, 1), dayOf(A, 2), dayOf(A, 3), dayOf(B, 2)];
    const waiting = new WaitingDays([a1, a2, b1, a3, b2]);
    expect(waiting.take()).toBe(a1);
    expect(waiting.take()).toBe(b1);
    expect(waiting.take()).toBeUndefined();
    expect(waiting.take(b1)).toBe(b2);
    expect(waiting.take(a1)).toBe(a2);
    expect(waiting.take(b2)).toBeUndefined();
    expect(waiting.take(a2)).toBe(a3);
    expect(waiting.take(a3)).toBeUndefined();
  });
});
