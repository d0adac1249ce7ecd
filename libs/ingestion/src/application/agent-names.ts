import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { utcDate } from '@lib/primitives';
import { AgentReader, type RequestingAgent } from './agent-reader.js';
import { RuleSetsService } from './rule-sets.service.js';

/** With what somebody listened: `unknown` where lists and overrides do not say. */
export interface NamedAgent {
  readonly app: string;
  readonly device: string;
}

/** Names the agents of raw events as those of downloads are named. Needs an open `TenantDb.run`. */
@Injectable()
export class AgentNames {
  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly agents: AgentReader,
  ) {}

  /**
   * The names by the rule set that is valid today, in the order of the requests; null as long as the tenant has no rule set.
   * @throws DomainError `list_not_found` (404) when the rule set's list is not stored
   */
  async name(requests: readonly RequestingAgent[]): Promise<readonly NamedAgent[] | null> {
    const { sql, tenantId } = this.db.current;
    const basis = await this.ruleSets.peek(utcDate(new Date()));
    if (basis === undefined) return null;
    const verdicts = await this.agents.verdicts(sql, tenantId, basis.ruleSet, requests);
    return verdicts.map(({ name, deviceCategory }) => ({
      app: name ?? 'unknown',
      device: deviceCategory ?? 'unknown',
    }));
  }
}
