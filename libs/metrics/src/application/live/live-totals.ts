import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { localZone } from '@lib/primitives';
import { watermarkVersion } from '@lib/time-series';
import { TenantsService } from '@lib/tenants';
import { coverWithGrains } from '../../domain/cover-with-grains.js';
import { localDay } from '../../domain/live/local-day.js';
import { METRICS } from '../../domain/event-metrics.js';
import { podcastNotFound } from '../../domain/metrics.errors.js';
import { answerFrame } from '../../infrastructure/answer-frame.sql.js';
import { podcastTotals } from '../../infrastructure/live/podcast-totals.sql.js';
import { podcastExists } from '../../infrastructure/query-scope.sql.js';
import { stagesOf, type AnswerFrame } from '../question-reader.js';
import { liveLevels, type LivePodcast } from './live-levels.js';

/** The totals of the running day of the tenant's clock, by podcast; podcasts without events are left out. */
export interface LiveSnapshot extends AnswerFrame {
  /** The version of the numbers and the day that they are of: what names the same is the same. */
  readonly id: string;
  readonly version: number;
  readonly podcasts: readonly LivePodcast[];
}

/** Reads what live streams show. */
@Injectable()
export class LiveTotals {
  constructor(
    private readonly db: TenantDb,
    private readonly tenants: TenantsService,
    private readonly settings: Settings,
  ) {}

  /**
   * The snapshot of now, from the primary; `last` itself when nothing has changed since, for which one statement is enough.
   */
  read(tenantId: string, last?: LiveSnapshot): Promise<LiveSnapshot> {
    return this.db.run(
      tenantId,
      async () => {
        const version = await watermarkVersion(this.db.current.sql, this.db.current.tenantId);
        const stands = last?.version === version && Date.now() < last.to.getTime();
        return stands ? last : this.readAnew(version);
      },
      { readOnly: true, statementTimeoutMs: this.settings.metricsStatementTimeoutMs },
    );
  }

  /** @throws DomainError `podcast_not_found` (404) */
  async requirePodcast(tenantId: string, podcastId: string): Promise<void> {
    const exists = () => podcastExists(this.db.current.sql, this.db.current.tenantId, podcastId);
    if (!(await this.db.run(tenantId, exists, { readOnly: true }))) throw podcastNotFound();
  }

  private async readAnew(version: number): Promise<LiveSnapshot> {
    const { sql, tenantId } = this.db.current;
    const zone = localZone((await this.tenants.get()).timeZone);
    const day = localDay(zone, Date.now());
    const { asOf, ruleSets, switchingDays, kept } = await answerFrame(
      sql,
      tenantId,
      day,
      day,
      null,
      stagesOf(METRICS),
    );
    const totals = await podcastTotals(sql, tenantId, coverWithGrains([day.from], day.to, kept));
    return {
      id: `${version}-${day.date}`,
      version,
      timeZone: zone.name,
      from: new Date(day.from),
      to: new Date(day.to),
      asOf,
      ruleSets,
      switchingDays,
      podcasts: liveLevels(totals),
    };
  }
}
