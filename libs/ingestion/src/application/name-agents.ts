import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, TenantDb } from '@lib/database';
import { LOGGER } from '@lib/observability';
import { DAY_MS, utcDate } from '@lib/primitives';
import { HandlesJob } from '@lib/queue';
import { DayDrain, takeMarks, tryLockDay, type DrainReport, type DueDay } from '@lib/time-series';
import type { Logger } from 'pino';
import { nameStoredAgents, unnamedAgents } from '../infrastructure/named-agents.sql.js';
import type { AgentClassifier } from './agent-classifier.js';
import { AgentLists } from './agent-lists.js';
import { nameAgentsJob } from './name-agents.job.js';

/** Agents named between two statements: none may hold up the process for long. */
const PORTION = 200;
/** What is stored where nobody knows. */
const UNKNOWN = 'unknown';

/**
 * Finds out which app and which device each new user agent is, for counts of events by app and device. Once and for good,
 * by the list in force at that moment; downloads do not use it, they are classified by their rule set at every count.
 */
@Injectable()
@HandlesJob(nameAgentsJob)
export class NameAgents {
  private readonly drain: DayDrain;

  constructor(
    private readonly db: TenantDb,
    @Inject(APP_POOL) pool: RolePool,
    @Inject(LOGGER) logger: Logger,
    private readonly lists: AgentLists,
  ) {
    this.drain = new DayDrain(pool, logger, 'agents', (day) => this.nameOfTenant(day));
  }

  run(): Promise<DrainReport> {
    return this.drain.run();
  }

  /** Every agent of the tenant that has no name yet: its mark, of whichever day, may be taken meanwhile. */
  private nameOfTenant({ tenantId, day }: DueDay): Promise<number | null> {
    return this.db.run(tenantId, async () => {
      const { sql } = this.db.current;
      if (!(await tryLockDay(sql, tenantId, 'agents', utcDate(day)))) return null;
      await takeMarks(sql, tenantId, 'agents', day, new Date(day.getTime() + DAY_MS));
      const classifier = await this.lists.inForce(sql);
      for (let named = 0; ;) {
        const agents = await unnamedAgents(sql, tenantId, PORTION);
        if (agents.length === 0) return named;
        await nameStoredAgents(
          sql,
          tenantId,
          agents.map(({ id, value }) => ({ id, ...namesOf(classifier, value) })),
        );
        named += agents.length;
      }
    });
  }
}

function namesOf(classifier: AgentClassifier, text: string): { app: string; device: string } {
  const { name, deviceCategory } = classifier.agent(text, Date.now());
  return { app: name ?? UNKNOWN, device: deviceCategory ?? UNKNOWN };
}
