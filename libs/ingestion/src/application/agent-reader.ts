import { Injectable } from '@nestjs/common';
import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';
import { LRUCache } from 'lru-cache';
import type { RequestVerdict, StoredRequest } from '../domain/counted-request.js';
import { userAgentTexts } from '../infrastructure/dictionaries.sql.js';
import { AgentLists } from './agent-lists.js';

/** User agents of stored requests, classified by any version of the list. */
@Injectable()
export class AgentReader {
  /** By list and dictionary id. The id is a hash of the text, so one text has one id for every tenant. */
  private readonly texts = new LRUCache<string, string>({ max: 50_000 });

  constructor(private readonly lists: AgentLists) {}

  /**
   * The verdicts on the agents of some requests, and on the referrers of browsers among them, in their order.
   * @param agentList SHA-256 of the list's content
   * @throws Error when no list with that content is stored
   */
  async verdicts(
    sql: Sql,
    tenantId: TenantId,
    agentList: string,
    requests: readonly StoredRequest[],
  ): Promise<RequestVerdict[]> {
    const classifier = await this.lists.classifier(sql, agentList);
    await this.readTexts(sql, tenantId, requests);
    return requests.map(({ userAgentId, referrer, occurredAtMs }) => {
      const text = userAgentId === null ? null : (this.texts.get(userAgentId) ?? null);
      const agent = classifier.agent(text, occurredAtMs);
      const page = classifier.referrer(agent, referrer, occurredAtMs);
      // Of a browser that plays inside a web app, the web app is what people listen with.
      return page === null ? agent : { ...agent, name: page.name ?? agent.name, badReferrer: page.isBad };
    });
  }

  private async readTexts(sql: Sql, tenantId: TenantId, requests: readonly StoredRequest[]): Promise<void> {
    const missing = new Set<string>();
    for (const { userAgentId } of requests)
      if (userAgentId !== null && !this.texts.has(userAgentId)) missing.add(userAgentId);
    if (missing.size === 0) return;
    for (const [id, text] of await userAgentTexts(sql, tenantId, [...missing])) this.texts.set(id, text);
  }
}
