import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, floorTime, type TenantId } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { appendMark, DayDrain, rawHorizon, takeMarks, type DrainReport } from '@lib/time-series';
import type { Logger } from 'pino';
import { locatePaths, streamHosts } from '../domain/access-log/locate-paths.js';
import { hash64 } from '../domain/hash-payload.js';
import { episodeFiles } from '../infrastructure/episode-files.sql.js';
import { firstUnlocated, giveEpisodes, pathsLike } from '../infrastructure/unlocated-requests.sql.js';
import { locateRequestsJob } from './locate-requests.job.js';

const BUDGET_MS = 4_000;

/**
 * Gives requests that came in before their episode was known that episode, so that they are counted: it makes no
 * difference whether the log or the feed comes first.
 *
 * Whoever stores an episode with a new file, or a request of no episode, leaves a mark in the same transaction. One UTC
 * day a transaction: the marks are taken, and put back when a day was found, so that they are gone only once nothing is
 * left to do. A crash repeats the day that was under way; a request that has its episode is not found again. Days whose
 * raw requests are gone stay as they are.
 *
 * Files are looked for among all episodes of the tenant, as for logs: where two have the same one, the first is meant.
 */
@Injectable()
@HandlesJob(locateRequestsJob)
export class LocateRequests {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.drain = new DayDrain(pool, logger, 'locate', ({ tenantId }) => this.advance(tenantId));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  /** Locates requests of a tenant until none is left or some seconds have passed. Returns how many it located. */
  private async advance(tenantId: TenantId): Promise<number> {
    const deadline = Date.now() + BUDGET_MS;
    let [requests, found] = [0, 1];
    while (found > 0 && Date.now() < deadline) {
      found = await this.db.run(tenantId, () => this.locateOneDay());
      requests += found;
    }
    return requests;
  }

  private async locateOneDay(): Promise<number> {
    const { sql, tenantId } = this.db.current;
    // Before anything is looked for: whatever becomes known meanwhile keeps its mark.
    const marks = await takeMarks(sql, tenantId, 'locate', new Date(0), new Date('9999-12-31'));
    const files = await episodeFiles(sql, tenantId);
    const ids = files.map(({ mediaKey }) => hash64(mediaKey));
    const paths = locatePaths(files, await pathsLike(sql, tenantId, ids, streamHosts(files)));
    const pathIds = paths.map(({ pathId }) => pathId);
    const from = (await rawHorizon(sql, tenantId)) ?? new Date(0);
    const first = await firstUnlocated(sql, tenantId, pathIds, from);
    if (first === null) return 0;
    const day = floorTime(first, DAY_MS);
    await appendMark(sql, tenantId, 'locate', new Date(0), marks.oldest);
    return giveEpisodes(sql, tenantId, { from: first, to: new Date(day.getTime() + DAY_MS) }, paths);
  }
}
