import { expect, test } from '@jest/globals';
import { DAY_MS, HOUR_MS } from '@lib/primitives';
import type { TestTenant } from '@lib/testing';
import {
  countedByHand,
  daysAgo,
  stagedEvent,
  type EngineStage,
  type StagedEvent,
} from './engine-stage.contract.js';

/** What an engine promises that computes the hourly and daily aggregates itself, for all tenants at once. */
export function aggregatesContract(stageOf: () => EngineStage): void {
  const randomEvents = (tenant: TestTenant) =>
    Array.from({ length: 150 }, (_, index) => {
      const at = daysAgo(3, Math.floor(Math.random() * 3 * DAY_MS));
      return stagedEvent(tenant, at, index % 3 === 0 ? 'pause' : 'play', index % 2);
    });
  const expectShown = async (tenant: TestTenant, events: readonly StagedEvent[]) => {
    expect(await stageOf().shown(tenant, 'hourly')).toEqual(countedByHand(events, HOUR_MS));
    expect(await stageOf().shown(tenant, 'daily')).toEqual(countedByHand(events, DAY_MS));
  };

  test('shows every tenant its own counts, exact under late, repeated and disordered events', async () => {
    const { a, b, engine } = stageOf();
    const all = [
      [a, randomEvents(a)],
      [b, randomEvents(b)],
    ] as const;
    for (let first = 0; first < 150; first += 50)
      for (const [tenant, events] of all) {
        const repeated = events.slice(0, first).filter((_, index) => index % 5 === 0);
        const batch = [...repeated, ...events.slice(first, first + 50)];
        await stageOf().store(tenant, batch);
        await stageOf().mark(
          tenant,
          batch.map(({ at }) => at),
        );
        if (tenant === a) expect((await engine.refresh())?.hours).toBeGreaterThan(0);
      }
    await engine.refresh();
    expect(await stageOf().marks()).toBe(0);
    for (const [tenant, events] of all) await expectShown(tenant, events);
  });

  test('keeps the marks of a refresh that fails, and of one that finds somebody else at it', async () => {
    const { a, engine, database } = stageOf();
    const event = stagedEvent(a, daysAgo(1, 5));
    await stageOf().store(a, [event]);
    await stageOf().mark(a, [event.at]);
    const holder = await database.owner.connect();
    await holder.query("SELECT pg_advisory_lock(hashtextextended('podcast.aggregates', 0))");
    expect(await engine.refresh()).toBeNull();
    await holder.query('SELECT pg_advisory_unlock_all()');
    await holder.query('ALTER MATERIALIZED VIEW ts.listener_events_daily RENAME TO gone');
    await expect(engine.refresh()).rejects.toThrow('does not exist');
    await holder.query('ALTER MATERIALIZED VIEW ts.gone RENAME TO listener_events_daily');
    holder.release();
    expect([await stageOf().marks(), (await stageOf().shown(a, 'daily')).size]).toEqual([1, 0]);
    expect(await engine.refresh()).toEqual({ hours: 1, frozen: 0 });
    expect(await stageOf().marks()).toBe(0);
    await expectShown(a, [event]);
  });

  test('never counts again what some tenant has no raw events of any more', async () => {
    const { a, b, engine } = stageOf();
    const at = daysAgo(40, 3 * HOUR_MS);
    const [ofA, ofB, late] = [stagedEvent(a, at), stagedEvent(b, at), stagedEvent(b, at)];
    await stageOf().store(a, [ofA]);
    await stageOf().store(b, [ofB]);
    await stageOf().mark(a, [at]);
    await engine.refresh();
    // Retention of one tenant freezes, then removes; the other still has its events, and gets another one.
    await stageOf().ofTenant(a, 'INSERT INTO raw_horizons (tenant_id, raw_from) VALUES ($1, $2)', [
      daysAgo(30),
    ]);
    await stageOf().connections.maintenance.query('SELECT delete_raw_events($1, $2, $3)', [
      a.tenantId,
      daysAgo(60),
      daysAgo(30),
    ]);
    await stageOf().store(b, [late]);
    await stageOf().mark(b, [at]);
    expect(await engine.refresh()).toEqual({ hours: 0, frozen: 1 });
    await expectShown(a, [ofA]);
    await expectShown(b, [ofB]);
    // Nor when the whole chunk is gone, and something newer is counted.
    await engine.dropBefore(daysAgo(30));
    const young = stagedEvent(b, daysAgo(2));
    await stageOf().store(b, [young]);
    await stageOf().mark(b, [at, young.at]);
    expect(await engine.refresh()).toEqual({ hours: 1, frozen: 1 });
    await expectShown(a, [ofA]);
    await expectShown(b, [ofB, young]);
  });
}
