import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { APP_POOL, RolePool } from '@lib/database';
import { HandlesJob } from '@lib/queue';
import { dueFeeds, type DueFeed } from '../infrastructure/due-feeds.sql.js';
import { forgetFreeLanes } from '../infrastructure/feed-lanes.sql.js';
import { FeedPoller, type PollOutcome } from './feed-poller.js';
import { HostLanes } from './host-lanes.js';
import { countPoll, measurePollAgeWith } from './poll-metrics.js';
import { pollFeedsJob } from './poll-feeds.job.js';

/** Polls that begin in one run. Those that were begun are finished. */
const BUDGET_MS = 10_000;
const LIST_LIMIT = 100;

/** How many polls of one run ended how; `left` were not begun. */
export type PollReport = Record<PollOutcome | 'left', number>;

/**
 * Polls the feeds that are due, of every tenant, until each that was listed had its turn or ten seconds have passed. What
 * is left, also because another worker polls its host, stays due.
 */
@Injectable()
@HandlesJob(pollFeedsJob)
export class PollFeeds {
  private readonly lanes: HostLanes;

  constructor(
    private readonly poller: FeedPoller,
    settings: Settings,
    @Inject(APP_POOL) private readonly pool: RolePool,
  ) {
    this.lanes = new HostLanes(pool, settings.feedHostGapMs);
    measurePollAgeWith(async () => (await this.list(1))[0]?.dueForSeconds ?? 0);
  }

  /** @throws whatever says that the database is away, once no poll is on its way any more */
  async run(): Promise<PollReport> {
    const latest = performance.now() + BUDGET_MS;
    await this.pool.transaction(forgetFreeLanes);
    const report: PollReport = {
      imported: 0,
      unchanged: 0,
      failed: 0,
      superseded: 0,
      taken: 0,
      postponed: 0,
      left: 0,
    };
    const polls = (await this.list(LIST_LIMIT)).map(async ({ tenantId, podcastId, lane }) => {
      const outcome = await this.lanes.run(lane, latest, (enterHost) =>
        this.poller.poll(tenantId, podcastId, enterHost),
      );
      report[outcome ?? 'left'] += 1;
      if (outcome !== undefined) countPoll(outcome);
    });
    for (const end of await Promise.allSettled(polls)) if (end.status === 'rejected') throw end.reason;
    return report;
  }

  private list(limit: number): Promise<DueFeed[]> {
    return this.pool.transaction((sql) => dueFeeds(sql, limit));
  }
}
