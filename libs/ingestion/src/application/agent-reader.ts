import { Injectable } from '@nestjs/common';
import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import type { AgentOverride } from '../domain/classification/agent-override.js';
import {
  filteringOverride,
  namingOverride,
  type MatchingOverrides,
  type OverrideSubject,
} from '../domain/classification/agent-overrides.js';
import type { AgentVerdict } from '../domain/classification/agent-verdict.js';
import type { RequestVerdict, StoredRequest } from '../domain/counted-request.js';
import type { RuleSet } from '../domain/rule-set.js';
import { someAgentOverrides } from '../infrastructure/agent-overrides.sql.js';
import { compileOverrides } from '../infrastructure/compile-overrides.js';
import { userAgentTexts } from '../infrastructure/dictionaries.sql.js';
import type { AgentClassifier } from './agent-classifier.js';
import { AgentLists } from './agent-lists.js';

/** What of a rule set decides about agents. */
export type AgentRuleSet = Pick<RuleSet, 'id' | 'agentList' | 'agentOverrides'>;

/** What of a request says by whom it was sent, apart from the listener. */
export type RequestingAgent = Pick<
  StoredRequest,
  'userAgentId' | 'referrer' | 'occurredAtMs' | 'asn' | 'country'
>;

/** Rule sets whose overrides are kept ready. */
const READY = 100;

/** User agents of stored requests, classified by any rule set. */
@Injectable()
export class AgentReader {
  /** By list and dictionary id. The id is a hash of the text, so one text has one id for every tenant. */
  private readonly texts = new LRUCache<string, string>({ max: 50_000 });
  /** By rule set, which never changes. */
  private readonly overrides = new LRUCache<string, MatchingOverrides>({ max: READY });

  constructor(private readonly lists: AgentLists) {}

  /**
   * The verdicts on the agents of some requests, and on the referrers of browsers among them, in their order.
   * @throws DomainError `list_not_found` (404) when the rule set's list is not stored
   */
  async verdicts(
    sql: Sql,
    tenantId: TenantId,
    ruleSet: AgentRuleSet,
    requests: readonly RequestingAgent[],
  ): Promise<RequestVerdict[]> {
    const classifier = await this.lists.classifier(sql, ruleSet.agentList);
    const overrides = await this.overridesOf(sql, tenantId, ruleSet);
    await this.readTexts(sql, tenantId, requests);
    return requests.map(({ userAgentId, referrer, occurredAtMs, asn, country }) => {
      const text = userAgentId === null ? null : (this.texts.get(userAgentId) ?? null);
      const named = nameAgent(classifier, overrides, text, occurredAtMs);
      const page = classifier.referrer(named, referrer, occurredAtMs);
      // Of a browser that plays inside a web app, the web app is what people listen with.
      const verdict =
        page === null ? named : { ...named, name: page.name ?? named.name, badReferrer: page.isBad };
      const subject = { agent: text ?? '', verdict: named, asn, country, atMs: occurredAtMs };
      return filterRequest(verdict, overrides, subject);
    });
  }

  /** The rule set's overrides, ready to be asked. */
  async overridesOf(sql: Sql, tenantId: TenantId, ruleSet: AgentRuleSet): Promise<MatchingOverrides> {
    const known = this.overrides.get(ruleSet.id);
    if (known !== undefined) return known;
    const { agentOverrides: ids } = ruleSet;
    const compiled = compileOverrides(ids.length === 0 ? [] : await someAgentOverrides(sql, tenantId, ids));
    this.overrides.set(ruleSet.id, compiled);
    return compiled;
  }

  private async readTexts(sql: Sql, tenantId: TenantId, requests: readonly RequestingAgent[]): Promise<void> {
    const missing = new Set<string>();
    for (const { userAgentId } of requests)
      if (userAgentId !== null && !this.texts.has(userAgentId)) missing.add(userAgentId);
    if (missing.size === 0) return;
    for (const [id, text] of await userAgentTexts(sql, tenantId, [...missing])) this.texts.set(id, text);
  }
}

/** What an agent is, by the lists and where they do not know it by the tenant. @param atMs of the request, UTC milliseconds */
export function nameAgent(
  classifier: AgentClassifier,
  overrides: MatchingOverrides,
  text: string | null,
  atMs: number,
): AgentVerdict {
  const verdict = classifier.agent(text, atMs);
  const override = namingOverride(overrides, { agent: text ?? '', verdict, atMs });
  if (override === undefined) return verdict;
  const device = override.kind === 'bot' ? NO_DEVICE : classifier.device(text ?? '', atMs);
  return { kind: agentClass(override), name: override.name, ...device, decidedBy: decidedBy(override) };
}

const NO_DEVICE = { device: null, deviceCategory: null };

function filterRequest(
  verdict: RequestVerdict,
  overrides: MatchingOverrides,
  subject: OverrideSubject,
): RequestVerdict {
  const override = filteringOverride(overrides, subject);
  if (override === undefined) return verdict;
  if (override.kind === 'datacentre')
    return { ...verdict, networkClass: 'hosting', decidedBy: decidedBy(override) };
  return { kind: 'bot_agent', name: override.name, ...NO_DEVICE, decidedBy: decidedBy(override) };
}

function agentClass({ kind }: AgentOverride): AgentVerdict['kind'] {
  return kind === 'bot' || kind === 'datacentre' ? 'bot_agent' : kind;
}

function decidedBy({ name, id }: AgentOverride): AgentVerdict['decidedBy'] {
  return { list: 'overrides', entry: name, id };
}
