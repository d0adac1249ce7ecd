import { describe, expect, test } from '@jest/globals';
import { forEachTenant } from './for-each-tenant.js';

describe('work for each tenant', () => {
  test('goes on after a fault, and throws it when all have had their turn', async () => {
    const done: string[] = [];
    const fault = new Error('of b');
    const work = async (tenant: string) => {
      await Promise.resolve();
      if (tenant === 'b') throw fault;
      done.push(tenant);
    };
    await expect(forEachTenant(['a', 'b', 'c'], work)).rejects.toMatchObject({
      message: '1 of 3 tenants failed',
      errors: [fault],
    });
    expect(done).toEqual(['a', 'c']);
  });

  test('ends when the database is away', async () => {
    const done: string[] = [];
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const work = (tenant: string) => {
      done.push(tenant);
      return Promise.reject(away);
    };
    await expect(forEachTenant(['a', 'b'], work)).rejects.toBe(away);
    expect(done).toEqual(['a']);
  });
});
