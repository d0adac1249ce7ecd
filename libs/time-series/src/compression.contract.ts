import { expect, test } from '@jest/globals';
import { daysAgo, stagedEvent, type EngineStage } from './engine-stage.contract.js';

/** What an engine promises that compresses old events. */
export function compressionContract(stageOf: () => EngineStage): void {
  test('reads, takes, corrects and removes compressed events as it does others', async () => {
    const stage = stageOf();
    const { a, b, engine } = stage;
    const minutes = Array.from({ length: 40 }, (_, index) => daysAgo(40, index * 60_000));
    const [old, others] = [minutes.map((at) => stagedEvent(a, at)), minutes.map((at) => stagedEvent(b, at))];
    await stage.store(a, [...old, stagedEvent(a, daysAgo(2))]);
    await stage.store(b, others);
    // Old metric values stand in chunks, too, and are left as they are.
    await stage.ofTenant(
      a,
      `INSERT INTO listener_metrics (tenant_id, bucket, podcast_id, episode_id, value, grain, metric, evidence)
       VALUES ($1, '2020-01-01Z', $1, $1, 1, 'month', 'play', 'client_confirmed')`,
    );
    const before = await stage.idsOf(a);
    expect([await engine.compress(daysAgo(10)), await engine.compress(daysAgo(10))]).toEqual([1, 0]);
    expect(await engine.describe()).toMatchObject({ compressedParts: 1 });
    expect(await stage.idsOf(a)).toEqual(before);

    const late = stagedEvent(a, daysAgo(40, 90_000));
    expect(await stage.store(a, [...old, late])).toEqual([late.id]);
    await stage.ofTenant(a, 'UPDATE listener_events SET session_id = NULL WHERE tenant_id = $1');
    const named = (tenant: typeof a) =>
      stage.ofTenant(tenant, 'SELECT count(session_id)::int AS n FROM listener_events WHERE tenant_id = $1');
    expect([await named(a), await named(b)]).toEqual([[{ n: 0 }], [{ n: 40 }]]);

    // What came and what changed is compressed in its turn.
    expect([await engine.compress(daysAgo(10)), await engine.compress(daysAgo(10))]).toEqual([1, 0]);
    const gone = await stage.connections.maintenance.query('SELECT delete_raw_events($1, $2, $3)::int AS n', [
      a.tenantId,
      daysAgo(41),
      daysAgo(39),
    ]);
    expect(gone).toEqual([{ n: 41 }]);
    expect(await stage.idsOf(a)).toHaveLength(1);
    expect(await stage.idsOf(b)).toEqual(others.map(({ id }) => id).sort());
  });
}
