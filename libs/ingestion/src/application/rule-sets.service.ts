import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DomainError } from '@lib/primitives';
import { FIRST_RULE_SET, type CountingBasis, type RuleSet, type StoredRules } from '../domain/rule-set.js';
import { lockEpisodeFiles } from '../infrastructure/lock-episode-files.sql.js';
import {
  basisOfDay,
  findRuleSet,
  insertRuleSet,
  listRuleSets,
  ruleSetFor,
  showFirst,
} from '../infrastructure/rule-sets.sql.js';
import { confirmedAddresses } from '../infrastructure/quarantines.sql.js';
import { someAgentOverrides, standingAgentOverrides } from '../infrastructure/agent-overrides.sql.js';
import { AgentLists } from './agent-lists.js';

/** What somebody asks to count by. */
export interface RuleSetRequest {
  readonly version: string;
  readonly validFrom: string;
  readonly rules: StoredRules;
  /** SHA-256 of a stored list; the active one when left out. */
  readonly agentList?: string | undefined;
  /** Ids of overrides; all that stand when left out. */
  readonly agentOverrides?: readonly string[] | undefined;
  readonly note: string;
}

/** Between a version and the number of a copy of it. */
const COPY = '+recount.';
/** The last day there is: nothing is counted from then on. */
const NEVER = '9999-12-31';

/** The rule sets of the tenant whose transaction is open. They are made and never changed. */
@Injectable()
export class RuleSetsService {
  constructor(
    private readonly db: TenantDb,
    private readonly lists: AgentLists,
  ) {}

  /** The one valid last first; none before something was counted. */
  list(): Promise<RuleSet[]> {
    const { sql, tenantId } = this.db.current;
    return listRuleSets(sql, tenantId);
  }

  /** @throws DomainError `rule_set_not_found` (404) */
  async find(id: string): Promise<RuleSet> {
    const { sql, tenantId } = this.db.current;
    const found = await findRuleSet(sql, tenantId, id);
    if (found === undefined)
      throw new DomainError('rule_set_not_found', 404, 'There is no rule set with that id.');
    return found;
  }

  /**
   * By what a UTC day (`YYYY-MM-DD`) is counted and shown; undefined for a day for which that was not chosen yet. A day
   * keeps what was chosen first until a recount is applied.
   */
  ofDay(day: string): Promise<CountingBasis | undefined> {
    const { sql, tenantId } = this.db.current;
    return basisOfDay(sql, tenantId, day);
  }

  /**
   * Chooses by what a day is counted that was not counted yet: the rule set that is valid on it, and what is known of files
   * at its end, or now if that is later. Nobody can change what is known of files until the transaction ends: do nothing
   * else in it.
   */
  async choose(day: string): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const ruleSet = (await ruleSetFor(sql, tenantId, day)) ?? (await this.makeFirst());
    await lockEpisodeFiles(sql, tenantId);
    await showFirst(sql, tenantId, ruleSet.id, day);
  }

  /**
   * By what a day is counted, or would be if it were counted for the first time now; undefined where there is no rule set at
   * all.
   */
  async peek(day: string): Promise<CountingBasis | undefined> {
    const { sql, tenantId } = this.db.current;
    const shown = await basisOfDay(sql, tenantId, day);
    if (shown !== undefined) return shown;
    const ruleSet = await ruleSetFor(sql, tenantId, day);
    return ruleSet && { ruleSet, filesAsOf: 'infinity' };
  }

  /**
   * Stores a new version. Days that were counted before stay as they are.
   * @throws DomainError `version_taken` (409), `list_not_found` (404), `not_confirmed`, `unknown_override` (400)
   */
  async create(request: RuleSetRequest, createdBy: string): Promise<RuleSet> {
    const { sql, tenantId } = this.db.current;
    const agentList = await this.lists.require(sql, request.agentList);
    const agentOverrides = await this.requireOverrides(request.agentOverrides);
    await this.requireConfirmed(request.rules.exclusions ?? []);
    const id = randomUUID();
    const { version, validFrom, rules, note } = request;
    const ruleSet = { id, version, validFrom, rules, agentList, agentOverrides, note, createdBy };
    if (!(await insertRuleSet(sql, tenantId, ruleSet)))
      throw new DomainError('version_taken', 409, `There is a rule set ${version} already.`, {
        field: 'version',
      });
    return this.find(id);
  }

  private async requireOverrides(wanted: readonly string[] | undefined): Promise<string[]> {
    const { sql, tenantId } = this.db.current;
    if (wanted === undefined) return (await standingAgentOverrides(sql, tenantId)).map(({ id }) => id);
    const found = (await someAgentOverrides(sql, tenantId, wanted)).map(({ id }) => id);
    const other = wanted.find((id) => !found.includes(id.toLowerCase()));
    if (other === undefined) return found;
    const message = `${other} is no override of this tenant.`;
    throw new DomainError('unknown_override', 400, message, { field: 'agentOverrides' });
  }

  /**
   * Stores the same rules under another version, to count days beside those that are shown under them. No day is counted
   * under it from the start. Returns its id.
   */
  async copy({ version, rules, agentList, agentOverrides }: RuleSet, createdBy: string): Promise<string> {
    const { sql, tenantId } = this.db.current;
    const [original] = version.split(COPY);
    const note = `The rules of ${version}, to count again days that are shown under it.`;
    const row = { id: randomUUID(), validFrom: NEVER, rules, agentList, agentOverrides, note, createdBy };
    for (let copy = 1; ; copy += 1)
      if (await insertRuleSet(sql, tenantId, { ...row, version: `${original}${COPY}${copy}` })) return row.id;
  }

  private async requireConfirmed(exclusions: readonly string[]): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const confirmed = new Set(await confirmedAddresses(sql, tenantId, exclusions));
    const other = exclusions.find((id) => !confirmed.has(id));
    if (other !== undefined)
      throw new DomainError(
        'not_confirmed',
        400,
        `${other} is no finding about an address that was confirmed.`,
        {
          field: 'rules.exclusions',
        },
      );
  }

  private async makeFirst(): Promise<RuleSet> {
    const { sql, tenantId } = this.db.current;
    const agentList = await this.lists.require(sql, undefined);
    const agentOverrides = await this.requireOverrides(undefined);
    await insertRuleSet(sql, tenantId, { ...FIRST_RULE_SET, id: randomUUID(), agentList, agentOverrides });
    // Another process may have been faster; its row counts then.
    const made = (await listRuleSets(sql, tenantId)).at(-1);
    if (made === undefined) throw new Error('a rule set was stored and is not there');
    return made;
  }
}
