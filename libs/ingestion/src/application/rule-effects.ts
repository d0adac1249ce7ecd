import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DAY_MS, floorTime, utcDate } from '@lib/primitives';
import { rawHorizon } from '@lib/time-series';
import type { RequestEvidence } from '../domain/counting/download-request.js';
import type { LocalDays } from '../domain/reconciliation/local-days.js';
import type { Subject } from '../domain/reconciliation/match-rows.js';
import type { RuleChange } from '../domain/reconciliation/rule-changes.js';
import { countRequestRows } from '../infrastructure/explain.sql.js';
import { AgentReader } from './agent-reader.js';
import { countChanges, requestRange, type ChangedScope } from './count-changes.js';
import { RuleSetsService } from './rule-sets.service.js';

/** Which downloads are compared. */
export interface ComparedDownloads {
  readonly days: LocalDays;
  readonly evidence: RequestEvidence;
  readonly subjects: readonly Subject[];
  readonly isRolling: boolean;
}

/** Whether requests were counted again: a rule's effect is known only then. */
export interface Recounted {
  readonly state: 'counted' | 'not_needed' | 'no_requests' | 'requests_removed' | 'too_many_requests';
  readonly requests: number;
  /** Our number when nothing is changed; null where nothing was counted. */
  readonly downloads: number | null;
}

/** What our number would be with one rule changed. */
export interface RuleEffect {
  readonly downloads: number;
  /** By how much that is more than when nothing is changed. */
  readonly change: number;
}

export interface RuleEffects {
  readonly recounted: Recounted;
  /** By the code of the change. */
  readonly effects: ReadonlyMap<string, RuleEffect>;
}

/** Requests that one answer counts again, ten times over: some seconds of work. */
const MOST_REQUESTS = 100_000;
/** Stands among the changes for none. */
const UNCHANGED = '';
export const NOT_RECOUNTED: RuleEffects = {
  recounted: { state: 'not_needed', requests: 0, downloads: null },
  effects: new Map(),
};

/** Counts the requests behind a number again, each time with one rule changed, and says what that does to it. */
@Injectable()
export class RuleEffectsService {
  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly agents: AgentReader,
  ) {}

  /** Needs an open `TenantDb.run`. Reads only, and no more than a fixed number of requests. */
  async of(compared: ComparedDownloads, changes: ReadonlyMap<string, RuleChange>): Promise<RuleEffects> {
    if (changes.size === 0) return NOT_RECOUNTED;
    const { sql, tenantId } = this.db.current;
    const scope = { ...scopeOf(compared), tenantId };
    const requests = await countRequestRows(sql, tenantId, requestRange(scope), MOST_REQUESTS + 1);
    const rawFrom = await rawHorizon(sql, tenantId);
    if (rawFrom !== null && floorTime(scope.from, DAY_MS) < rawFrom)
      return notRecounted('requests_removed', requests);
    if (requests === 0) return notRecounted('no_requests', requests);
    if (requests > MOST_REQUESTS) return notRecounted('too_many_requests', requests);
    const numbers = await countChanges(
      sql,
      scope,
      (day) => this.ruleSets.peek(utcDate(day)),
      this.agents,
      new Map([[UNCHANGED, {}], ...changes]),
    );
    const downloads = numbers.get(UNCHANGED) ?? 0;
    const effects = [...changes.keys()].map((code): [string, RuleEffect] => {
      const changed = numbers.get(code) ?? 0;
      return [code, { downloads: changed, change: changed - downloads }];
    });
    return { recounted: { state: 'counted', requests, downloads }, effects: new Map(effects) };
  }
}

function notRecounted(state: Recounted['state'], requests: number): RuleEffects {
  return {
    recounted: { state, requests: Math.min(requests, MOST_REQUESTS), downloads: null },
    effects: new Map(),
  };
}

function scopeOf({ days, evidence, subjects, isRolling }: ComparedDownloads): Omit<ChangedScope, 'tenantId'> {
  const from = days.starts[0] ?? days.end;
  const asked = new Set(subjects.map(({ id }) => id));
  const [fromMs, toMs] = [from.getTime(), days.end.getTime()];
  return {
    from,
    to: days.end,
    isRolling,
    isAsked: (download, podcastId) =>
      download.evidence === evidence &&
      download.occurredAtMs >= fromMs &&
      download.occurredAtMs < toMs &&
      (asked.has(download.episode) || (podcastId !== null && asked.has(podcastId))),
  };
}
