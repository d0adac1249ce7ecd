import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DomainError } from '@lib/primitives';
import { overrideFault, type AgentOverride } from '../domain/classification/agent-override.js';
import { OVERRIDE_LIMITS } from '../domain/classification/list-limits.js';
import {
  insertAgentOverride,
  listAgentOverrides,
  removeAgentOverride,
  someAgentOverrides,
  type AgentOverrideRow,
} from '../infrastructure/agent-overrides.sql.js';
import { insertAnnotation } from '../infrastructure/annotations.sql.js';
import { compileOverridePattern } from '../infrastructure/compile-overrides.js';

/** What a tenant states about agents and networks, and why. */
export type AgentOverrideRequest = Omit<AgentOverride, 'id'> & { readonly reason: string };

/**
 * What the tenant says about requests where lists are silent or too kind (PTMG v2.3 §5.5.2 (2) and (5)). It decides about
 * nothing by itself: rule sets take those that stand when they are made, so old numbers stay as they are. Needs an open
 * `TenantDb.run`.
 */
@Injectable()
export class AgentOverridesService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** A page, the youngest first. @throws DomainError `invalid_cursor` (400) */
  list(withRemoved: boolean, request: PageRequest): Promise<Page<AgentOverrideRow>> {
    const { sql, tenantId } = this.db.current;
    return readPage(this.cursors, tenantId, `agent-overrides ${withRemoved}`, request, (limit, after) =>
      listAgentOverrides(sql, tenantId, withRemoved, limit, after),
    );
  }

  /** @throws DomainError `agent_override_not_found` (404) */
  async find(id: string): Promise<AgentOverrideRow> {
    const { sql, tenantId } = this.db.current;
    const [found] = await someAgentOverrides(sql, tenantId, [id]);
    if (found === undefined)
      throw new DomainError('agent_override_not_found', 404, 'There is no override with that id.');
    return found;
  }

  /**
   * @throws DomainError `override_incoherent`, `override_pattern_refused` (400, naming the field), `too_many_overrides` (409)
   */
  async add(request: AgentOverrideRequest, createdBy: string): Promise<AgentOverrideRow> {
    const { sql, tenantId } = this.db.current;
    const fault = overrideFault(request);
    if (fault !== undefined)
      throw new DomainError('override_incoherent', 400, `${fault.rule}.`, { field: fault.field });
    if (request.pattern !== null) compileOverridePattern(request.pattern);
    const override = { ...request, id: randomUUID(), createdBy };
    const { standing } = OVERRIDE_LIMITS;
    if (!(await insertAgentOverride(sql, tenantId, override, standing)))
      throw new DomainError(
        'too_many_overrides',
        409,
        `${standing} overrides stand already. Remove one first.`,
      );
    await this.note(override, 'added', createdBy);
    return this.find(override.id);
  }

  /** Once more changes nothing. @throws DomainError `agent_override_not_found` (404) */
  async remove(id: string, by: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const override = await this.find(id);
    if (await removeAgentOverride(sql, tenantId, id)) await this.note(override, 'removed', by);
  }

  private async note(
    { id, kind, name }: Pick<AgentOverride, 'id' | 'kind' | 'name'>,
    action: 'added' | 'removed',
    by: string,
  ): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const detail = { list: 'agent_overrides', agentOverrideId: id, kind, name, action, by };
    await insertAnnotation(sql, tenantId, { happenedAt: new Date(), kind: 'list_changed', detail });
  }
}
