import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, type PageRequest } from '@lib/http';
import { DomainError, utcDate } from '@lib/primitives';
import { namingOverride } from '../domain/classification/agent-overrides.js';
import { readUtcRange } from '../domain/read-utc-range.js';
import type { RuleSet } from '../domain/rule-set.js';
import { standingAgentOverrides } from '../infrastructure/agent-overrides.sql.js';
import { compileOverrides } from '../infrastructure/compile-overrides.js';
import { countRequestRows } from '../infrastructure/explain.sql.js';
import {
  agentDownloads,
  requestingAgents,
  type AgentPosition,
  type RequestingAgent,
} from '../infrastructure/requesting-agents.sql.js';
import { AgentLists } from './agent-lists.js';
import { AgentReader, nameAgent } from './agent-reader.js';
import { RuleSetsService } from './rule-sets.service.js';

/** An agent that counts and that nobody knows. */
export interface UnknownAgent extends Omit<RequestingAgent, 'id'> {
  /** That its requests completed, by evidence, which is never added up. */
  readonly downloads: { readonly originBytes: number; readonly prefixOnly: number };
  /** The override that stands for it and that the next rule set will name it by; null for none. */
  readonly overrideId: string | null;
}

export interface UnknownAgents {
  /** By which it is unknown; null before anything was counted. */
  readonly ruleSet: Pick<RuleSet, 'id' | 'version'> | null;
  readonly items: readonly UnknownAgent[];
  readonly next: string | null;
}

const LONGEST_DAYS = 31;
/** About two seconds of grouping. */
const MOST_REQUESTS = 2_000_000;

/** The agents that nobody knows, for people to look at. Needs an open `TenantDb.run`. */
@Injectable()
export class UnknownAgentsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly lists: AgentLists,
    private readonly agents: AgentReader,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /**
   * A page of the agents of a range that the rule set of today does not know, those with most requests first.
   * @param range dates or instants on a multiple of 5 minutes, UTC, half-open
   * @throws DomainError `invalid_range`, `range_too_large`, `invalid_cursor` (400)
   */
  async list(range: { from: string; to: string }, page: PageRequest): Promise<UnknownAgents> {
    const { from, to } = readUtcRange(range.from, range.to, LONGEST_DAYS);
    const { sql, tenantId } = this.db.current;
    const list = `unknown-agents ${from.toISOString()} ${to.toISOString()}`;
    const after = page.cursor === undefined ? undefined : this.position(list, page.cursor);
    const ruleSet = (await this.ruleSets.peek(utcDate(new Date())))?.ruleSet;
    if (ruleSet === undefined) return { ruleSet: null, items: [], next: null };
    if ((await countRequestRows(sql, tenantId, { from, to }, MOST_REQUESTS + 1)) > MOST_REQUESTS)
      throw tooLarge();
    const unknown = await this.read({ from, to }, ruleSet, page.limit + 1, after);
    const items = unknown.slice(0, page.limit);
    const last = unknown.length > page.limit ? items.at(-1) : undefined;
    return {
      ruleSet: { id: ruleSet.id, version: ruleSet.version },
      items: await this.describe({ from, to }, items),
      next: last ? this.cursors.encode(tenantId, list, [last.requests, last.id]) : null,
    };
  }

  private async read(
    range: { from: Date; to: Date },
    ruleSet: RuleSet,
    limit: number,
    after: AgentPosition | undefined,
  ): Promise<RequestingAgent[]> {
    const { sql, tenantId } = this.db.current;
    const classifier = await this.lists.classifier(sql, ruleSet.agentList);
    const overrides = await this.agents.overridesOf(sql, tenantId, ruleSet);
    const unknown: RequestingAgent[] = [];
    for await (const portion of requestingAgents(sql, tenantId, range, after)) {
      for (const agent of portion)
        if (nameAgent(classifier, overrides, agent.userAgent, agent.lastSeenAt.getTime()).kind === 'unknown')
          unknown.push(agent);
      if (unknown.length >= limit) break;
    }
    return unknown.slice(0, limit);
  }

  private async describe(
    range: { from: Date; to: Date },
    agents: readonly RequestingAgent[],
  ): Promise<UnknownAgent[]> {
    const { sql, tenantId } = this.db.current;
    const counted = await agentDownloads(
      sql,
      tenantId,
      range,
      agents.map(({ id }) => id),
    );
    const downloadsOf = new Map(counted.map(({ id, ...downloads }) => [id, downloads]));
    const standing = compileOverrides(await standingAgentOverrides(sql, tenantId));
    return agents.map(({ id, ...agent }) => {
      const subject = { agent: agent.userAgent, verdict: UNKNOWN, atMs: agent.lastSeenAt.getTime() };
      const overrideId = namingOverride(standing, subject)?.id ?? null;
      return { ...agent, downloads: downloadsOf.get(id) ?? NO_DOWNLOADS, overrideId };
    });
  }

  private position(list: string, cursor: string): AgentPosition {
    const [requests, id] = this.cursors.decode(this.db.current.tenantId, list, cursor);
    return { requests: Number(requests), id: String(id) };
  }
}

const UNKNOWN = { kind: 'unknown', name: null, device: null, deviceCategory: null, decidedBy: null } as const;
const NO_DOWNLOADS = { originBytes: 0, prefixOnly: 0 };

function tooLarge(): DomainError {
  const most = MOST_REQUESTS.toLocaleString('en');
  return new DomainError(
    'range_too_large',
    400,
    `The range holds more than ${most} requests. Ask for fewer days.`,
    {
      field: 'to',
    },
  );
}
