import { utcDate } from '@lib/primitives';
import type { AgentVerdict } from '../domain/classification/agent-verdict.js';
import type { RequestVerdict, StoredRequest } from '../domain/counted-request.js';
import type { DownloadWindow } from '../domain/counting/counting-rules.js';
import type { RequestEvidence } from '../domain/counting/download-request.js';
import { OUTCOMES, type Outcome } from '../domain/counting/outcome.js';
import { OUTCOME_RULES } from '../domain/counting/outcome-rules.js';
import type { ExplainScope, ShownRequest } from '../infrastructure/explain.sql.js';
import type { RuleSet } from '../domain/rule-set.js';
import { requestKey } from './count-day.js';
import type { RangePortion } from './count-range.js';

/** How many requests had one outcome, with the rule behind it and a few of the requests. */
export interface FunnelStep {
  outcome: Outcome;
  requests: number;
  source: string;
  meaning: string;
  examples: Example[];
}

/** A request, and what decided about it. */
export interface Example extends ShownRequest {
  agent: AgentVerdict;
}

/** The outcomes of all requests at one level of evidence, in the order in which the rules are asked. */
export interface FunnelSteps {
  evidence: RequestEvidence;
  requests: number;
  steps: FunnelStep[];
  /** Downloads that were complete in the range. */
  counted: number;
}

/** A rule set that days of a range were counted under. */
export interface RuleSetInUse {
  id: string;
  version: string;
  window: DownloadWindow;
  agentList: string;
  agentOverrides: number;
  /** The first UTC day of the range that it was used for. */
  firstDay: string;
}

const EXAMPLES = 3;

/** A request that was seen, before it is read to be shown. */
type Seen = { request: StoredRequest; agent: RequestVerdict };

/** Adds up the outcomes of requests and remembers the first few of each, for one range and scope. */
export class OutcomeTally {
  private readonly counts = new Map<string, number>();
  private readonly firsts = new Map<string, Seen[]>();
  private readonly rules = new Map<string, RuleSetInUse>();

  constructor(
    private readonly range: { from: Date; to: Date },
    private readonly scope: ExplainScope,
  ) {}

  add({ requests, verdicts, count, day, ruleSet }: RangePortion): void {
    this.keepRuleSet(ruleSet, day);
    requests.forEach((request, index) => {
      const [outcome, agent] = [count.outcomes[index], verdicts[index]];
      if (outcome === undefined || agent === undefined || !this.isAsked(request)) return;
      const name = stepName(request.fromLog ? 'origin_bytes' : 'prefix_only', outcome);
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      const firsts = this.firsts.get(name) ?? [];
      if (firsts.length < EXAMPLES) this.firsts.set(name, [...firsts, { request, agent }]);
    });
  }

  examples(): StoredRequest[] {
    return [...this.firsts.values()].flat().map(({ request }) => request);
  }

  ruleSets(): RuleSetInUse[] {
    return [...this.rules.values()];
  }

  funnel(evidence: RequestEvidence, duplicates: number, details: readonly ShownRequest[]): FunnelSteps {
    const shownByKey = new Map(
      details.map((shown) => [
        requestKey({ eventId: shown.eventId, occurredAtMs: shown.occurredAt.getTime() }),
        shown,
      ]),
    );
    const steps = OUTCOMES.map((outcome): FunnelStep => {
      const name = stepName(evidence, outcome);
      const again = outcome === 'duplicate_delivery' ? duplicates : 0;
      const examples = (this.firsts.get(name) ?? []).flatMap(({ request, agent }) => {
        const shown = shownByKey.get(requestKey(request));
        return shown ? [{ ...shown, networkClass: agent.networkClass ?? shown.networkClass, agent }] : [];
      });
      return { outcome, requests: (this.counts.get(name) ?? 0) + again, ...OUTCOME_RULES[outcome], examples };
    });
    const requests = steps.reduce((sum, step) => sum + step.requests, 0);
    return { evidence, requests, steps, counted: this.counts.get(stepName(evidence, 'counted')) ?? 0 };
  }

  private keepRuleSet({ id, version, agentList, agentOverrides, rules }: RuleSet, day: Date): void {
    if (this.rules.has(id)) return;
    const { window } = rules;
    const firstDay = utcDate(day);
    this.rules.set(id, { id, version, window, agentList, agentOverrides: agentOverrides.length, firstDay });
  }

  private isAsked({ occurredAtMs, podcastId, episodeId }: StoredRequest): boolean {
    const { from, to } = this.range;
    return (
      occurredAtMs >= from.getTime() &&
      occurredAtMs < to.getTime() &&
      (this.scope.podcastId === null || this.scope.podcastId === podcastId) &&
      (this.scope.episodeId === null || this.scope.episodeId === episodeId)
    );
  }
}

function stepName(evidence: RequestEvidence, outcome: Outcome): string {
  return `${evidence} ${outcome}`;
}
