import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { DAY_MS, DomainError, utcDate } from '@lib/primitives';
import { TenantsService } from '@lib/tenants';
import { describeMethodology } from '../domain/methodology/describe-methodology.js';
import type {
  Exclusion,
  Inclusion,
  ListInUse,
  MethodologyInput,
  RuleSetInForce,
  SelfAudit,
  ShownRuleSet,
} from '../domain/methodology/methodology-input.js';
import type { Methodology } from '../domain/methodology/methodology.js';
import { listenerPrecision } from '../domain/privacy/address-precision.js';
import { renderMethodology } from '../domain/methodology/render-methodology.js';
import { FIRST_RULE_SET, type RuleSet } from '../domain/rule-set.js';
import { addressEntries } from '../infrastructure/address-lists.sql.js';
import { someAgentOverrides, standingAgentOverrides } from '../infrastructure/agent-overrides.sql.js';
import { annotationsWith, insertAnnotation } from '../infrastructure/annotations.sql.js';
import { countedDays, firstCountedDay, type RuleSetDays } from '../infrastructure/counted-days.sql.js';
import { activeList, findList } from '../infrastructure/lists.sql.js';
import { logLinesLeftOut } from '../infrastructure/log-lines-left-out.sql.js';
import { notedEvents } from '../infrastructure/noted-events.sql.js';
import { podcastEvidence } from '../infrastructure/podcast-evidence.sql.js';
import { trafficReviews } from '../infrastructure/traffic-reviews.sql.js';
import { unrecordedCounts } from '../infrastructure/unrecorded-requests.sql.js';
import { describeAddressEntry } from './address-lists.service.js';
import { RuleSetsService } from './rule-sets.service.js';

/** UTC days before today that "the period" means. */
const PERIOD_DAYS = 30;
const AUDIT_TOPIC = 'self_audit';

/** Describes how the tenant's downloads are counted, from its configuration. Needs an open `TenantDb.run`. */
@Injectable()
export class MethodologyService {
  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    private readonly tenants: TenantsService,
    private readonly settings: Settings,
  ) {}

  async describe(): Promise<Methodology> {
    return describeMethodology(await this.readInput(new Date()));
  }

  /** The same as Markdown. */
  async render(): Promise<string> {
    return renderMethodology(await this.describe());
  }

  /** Records a self-audit for good. @throws DomainError `invalid_input` (400) for a day that is none, or to come */
  async recordAudit(audit: SelfAudit, key: string): Promise<SelfAudit> {
    const { sql, tenantId } = this.db.current;
    const performed = new Date(`${audit.performedOn}T00:00:00Z`);
    if (
      Number.isNaN(performed.getTime()) ||
      utcDate(performed) !== audit.performedOn ||
      performed.getTime() > Date.now()
    )
      throw new DomainError(
        'invalid_input',
        400,
        'performedOn must be a day of the calendar that has begun.',
        {
          field: 'performedOn',
        },
      );
    const detail = { topic: AUDIT_TOPIC, ...audit, by: key };
    await insertAnnotation(sql, tenantId, { happenedAt: performed, kind: 'note', detail });
    return audit;
  }

  private async readInput(now: Date): Promise<MethodologyInput> {
    const { sql, tenantId } = this.db.current;
    const today = utcDate(now);
    const firstDay = utcDate(new Date(now.getTime() - PERIOD_DAYS * DAY_MS));
    const lastDay = utcDate(new Date(now.getTime() - DAY_MS));
    const countingSince = await firstCountedDay(sql, tenantId);
    const shownUnder = (await countedDays(sql, tenantId, firstDay, lastDay)).map(shownRuleSet);
    const ruleSet = (await this.ruleSets.peek(today))?.ruleSet;
    const tenant = await this.tenants.get();
    const activeAgents = await activeList(sql, 'agents');
    const activeNetworks = await activeList(sql, 'networks');
    return {
      generatedAt: now,
      tenantName: tenant.name,
      requestsKeptDays: tenant.rawRetentionDays ?? this.settings.rawRetentionDays,
      privacy: { ...tenant.privacy, precision: listenerPrecision(tenant.privacy.euMode) },
      period: { firstDay, lastDay },
      ruleSet: inForce(ruleSet),
      shownUnder,
      agentList: await this.list('agents', ruleSet?.agentList ?? activeAgents),
      newerAgentList:
        ruleSet !== undefined && activeAgents !== undefined && activeAgents !== ruleSet.agentList,
      ...(await this.readOverrides(ruleSet)),
      networkList: await this.list('networks', activeNetworks),
      podcasts: await podcastEvidence(sql, tenantId, firstDay, lastDay),
      ...(await this.readAddressLists(now, firstDay)),
      reviews: await trafficReviews(sql, tenantId, firstDay, lastDay),
      audits: await this.readAudits(),
      events: await notedEvents(sql, tenantId, { firstDay, lastDay }, AUDIT_TOPIC),
      uncountedDays: uncountedDays({ firstDay, lastDay }, countingSince, shownUnder),
      logLines: await logLinesLeftOut(sql, tenantId, firstDay, lastDay),
      notRecorded: await this.notRecorded(firstDay, lastDay),
      countingSince,
    };
  }

  private async notRecorded(firstDay: string, lastDay: string): Promise<number> {
    const { sql, tenantId } = this.db.current;
    const counts = await unrecordedCounts(sql, tenantId, { firstDay, lastDay }, null);
    return counts.reduce((sum, { requests }) => sum + requests, 0);
  }

  private async readOverrides(
    ruleSet: RuleSet | undefined,
  ): Promise<Pick<MethodologyInput, 'agentOverrides' | 'newerAgentOverrides'>> {
    const { sql, tenantId } = this.db.current;
    const standing = await standingAgentOverrides(sql, tenantId);
    if (ruleSet === undefined) return { agentOverrides: standing, newerAgentOverrides: false };
    const used = await someAgentOverrides(sql, tenantId, ruleSet.agentOverrides);
    const isSame = used.length === standing.length && standing.every(({ id }, at) => id === used[at]?.id);
    return { agentOverrides: used, newerAgentOverrides: !isSame };
  }

  private async list(kind: 'agents' | 'networks', sha256: string | undefined): Promise<ListInUse | null> {
    if (sha256 === undefined) return null;
    return (await findList(this.db.current.sql, kind, sha256)) ?? null;
  }

  private async readAddressLists(
    now: Date,
    firstDay: string,
  ): Promise<{ inclusions: Inclusion[]; exclusions: Exclusion[] }> {
    const { sql, tenantId } = this.db.current;
    const entries = (await addressEntries(sql, tenantId)).map((row) =>
      describeAddressEntry(row, now.getTime()),
    );
    const inclusions = entries.flatMap(({ kind, state, reason, validatedAt, lapsesAt }) =>
      kind === 'included' && lapsesAt !== null
        ? [{ reason, validatedAt, lapsesAt, lapsed: state === 'lapsed' }]
        : [],
    );
    const periodStart = new Date(`${firstDay}T00:00:00Z`);
    const exclusions = entries
      .filter(({ kind, removedAt }) => kind === 'excluded' && (removedAt === null || removedAt > periodStart))
      .map(({ reason, createdAt, removedAt }) => ({ reason, since: createdAt, until: removedAt }));
    return { inclusions, exclusions };
  }

  private async readAudits(): Promise<SelfAudit[]> {
    const { sql, tenantId } = this.db.current;
    const notes = await annotationsWith(sql, tenantId, 'note', 'topic', AUDIT_TOPIC);
    return notes.map(({ detail }) => ({
      performedOn: String(detail['performedOn']),
      result: String(detail['result']),
      author: String(detail['author']),
    }));
  }
}

/** A tenant without a rule set is counted by the product's when its first request comes. */
function inForce(ruleSet: RuleSet | undefined): RuleSetInForce {
  return ruleSet ?? { ...FIRST_RULE_SET, createdAt: null };
}

function shownRuleSet({ version, days }: RuleSetDays): ShownRuleSet {
  return { version, firstDay: days[0] ?? '', lastDay: days.at(-1) ?? '', days: days.length };
}

/** How many days of a period, from the first that was ever counted on, no rule set shows. */
function uncountedDays(
  { firstDay, lastDay }: MethodologyInput['period'],
  countingSince: string | null,
  shownUnder: readonly ShownRuleSet[],
): number {
  if (countingSince === null || countingSince > lastDay) return 0;
  const from = countingSince > firstDay ? countingSince : firstDay;
  const all = (Date.parse(lastDay) - Date.parse(from)) / DAY_MS + 1;
  return all - shownUnder.reduce((sum, { days }) => sum + days, 0);
}
