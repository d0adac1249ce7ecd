import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DAY_MS } from '@lib/primitives';
import { aggregatesContract } from './aggregates.contract.js';
import { compressionContract } from './compression.contract.js';
import { daysAgo, stagedEvent, type EngineStage } from './engine-stage.contract.js';
import type { EngineDescription } from './time-series-engine.js';

/** In what engines may differ. Whatever is not named here is the same on all of them. */
interface Differences {
  /** A partition exists as soon as a row needs it. Else it is made ahead, and a row without one is refused. */
  partsOnDemand: boolean;
  aggregates: EngineDescription['aggregates'];
  compresses: boolean;
}

/** What each engine declares. TimescaleDB's Apache edition has hypertables alone. */
const DECLARED = {
  partitions: { partsOnDemand: false, aggregates: 'rollups', compresses: false },
  timescale: { partsOnDemand: true, aggregates: 'continuous aggregates', compresses: true },
  citus: { partsOnDemand: false, aggregates: 'rollups', compresses: false },
  'timescale, Apache edition': { partsOnDemand: true, aggregates: 'rollups', compresses: false },
} satisfies Record<string, Differences>;

/** What every engine promises. */
export function engineContract(name: keyof typeof DECLARED, start: () => Promise<EngineStage>): void {
  const declared: Differences = DECLARED[name];

  describe(`the engine ${name}`, () => {
    let stage: EngineStage;
    beforeAll(async () => {
      stage = await start();
    });
    afterAll(() => stage.close());
    beforeEach(() => stage.clear());

    test('lacks what it declares, and nothing else', async () => {
      const { engine, aggregates, compresses } = await stage.engine.describe();
      expect({ engine, aggregates, compresses }).toEqual({
        engine: stage.engine.name,
        aggregates: declared.aggregates,
        compresses: declared.compresses,
      });
    });

    test('takes events of any time for which room was made, and makes it once', async () => {
      const { a, b, engine } = stage;
      const [from, to] = [new Date(Date.UTC(2031, 5, 1)), new Date(Date.UTC(2031, 5, 2))];
      const early = await stage.store(a, [stagedEvent(a, from)]).then(
        (ids) => ids.length,
        (error: unknown) => (error as { code?: string }).code,
      );
      expect(early).toBe(declared.partsOnDemand ? 1 : '23514');
      expect((await engine.ensurePartitions(from, to)) > 0).toBe(!declared.partsOnDemand);
      expect(await engine.ensurePartitions(from, to)).toBe(0);
      await stage.store(a, [stagedEvent(a, from)]);
      expect(await stage.idsOf(a)).toHaveLength(declared.partsOnDemand ? 2 : 1);
      expect(await stage.idsOf(b)).toEqual([]);
    });

    test('drops what ends before an instant, and never what may still come in', async () => {
      const { a, engine } = stage;
      const [old, young] = [stagedEvent(a, daysAgo(45)), stagedEvent(a, daysAgo(10))];
      await stage.store(a, [old, young]);
      await engine.dropBefore(daysAgo(60));
      expect(await stage.idsOf(a)).toEqual([old.id, young.id].sort());
      expect(await engine.dropBefore(daysAgo(30))).toBeGreaterThan(0);
      expect(await stage.idsOf(a)).toEqual([young.id]);
      await expect(engine.dropBefore(daysAgo(5))).rejects.toMatchObject({ code: '22023' });
    });

    test("deletes one tenant's events of a time, and finds its oldest", async () => {
      const { a, b } = stage;
      const [first, second] = [stagedEvent(a, daysAgo(20)), stagedEvent(a, daysAgo(19))];
      const other = stagedEvent(b, daysAgo(20));
      await stage.store(a, [first, second]);
      await stage.store(b, [other]);
      const maintain = (text: string, ...params: unknown[]) =>
        stage.connections.maintenance.query<{ v: unknown }>(`SELECT ${text} AS v`, [a.tenantId, ...params]);
      expect(await maintain('oldest_raw_event($1)')).toEqual([{ v: first.at }]);
      const to = new Date(first.at.getTime() + DAY_MS);
      expect(await maintain('delete_raw_events($1, $2, $3)', first.at, to)).toEqual([{ v: '1' }]);
      expect([await stage.idsOf(a), await stage.idsOf(b)]).toEqual([[second.id], [other.id]]);
      expect(await maintain('oldest_raw_event($1)')).toEqual([{ v: second.at }]);
    });

    if (declared.aggregates === 'continuous aggregates') aggregatesContract(() => stage);
    else
      test('has no aggregates of its own: nothing is marked for them', async () => {
        await stage.mark(stage.a, [daysAgo(0)]);
        expect([await stage.marks(), await stage.engine.refresh()]).toEqual([0, { hours: 0, frozen: 0 }]);
      });

    if (declared.compresses) compressionContract(() => stage);
    else
      test('compresses nothing', async () => {
        await stage.store(stage.a, [stagedEvent(stage.a, daysAgo(40))]);
        expect(await stage.engine.compress(daysAgo(10))).toBe(0);
      });
  });
}
