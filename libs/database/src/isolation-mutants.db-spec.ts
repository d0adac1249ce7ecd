import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, seedEveryTable, type CanaryTenant, type TestDatabase } from '@lib/testing';
import type pg from 'pg';
import { barrierMutants } from './barrier-mutants.contract.js';
import { barrierViews, isolationFaults, singlePolicyFaults } from './isolation.contract.js';
import { policyMutants } from './policy-mutants.contract.js';

let database: TestDatabase;
let client: pg.PoolClient;
let a: CanaryTenant;
let b: CanaryTenant;

beforeAll(async () => {
  database = await createTestDatabase();
  a = await seedEveryTable(database.owner);
  b = await seedEveryTable(database.owner);
  client = await database.owner.connect();
});
afterAll(async () => {
  client.release(true);
  await database.drop();
});

// A root of foreign keys, a table with edits, one of raw events: the walls of all others are the same text.
test.each(['tenants', 'podcasts', 'listener_events'])(
  'the attacks get through every broken wall of %s',
  async (table) => {
    await client.query('BEGIN');
    const isView = (await barrierViews(client)).includes(table);
    for (const { name, breaking, quiet } of isView ? barrierMutants(table) : policyMutants(table)) {
      await client.query(`SAVEPOINT mutant; ${breaking}`);
      const faults = await isolationFaults(client, table, a, b);
      if (faults.length === 0 && !isView) faults.push(...(await singlePolicyFaults(client, table, a, b)));
      expect([name, faults.length === 0]).toEqual([name, quiet]);
      await client.query('ROLLBACK TO SAVEPOINT mutant; RELEASE SAVEPOINT mutant');
    }
    await client.query('ROLLBACK');
  },
);
