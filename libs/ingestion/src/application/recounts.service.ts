import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DAY_MS, DomainError, utcDate } from '@lib/primitives';
import { appendMark, moveWatermark, rawHorizon } from '@lib/time-series';
import { leadInDays, type RecountDifference, type RecountRow } from '../domain/recount.js';
import type { RuleSet } from '../domain/rule-set.js';
import { countedDays } from '../infrastructure/counted-days.sql.js';
import { dropUnshownDownloads } from '../infrastructure/downloads.sql.js';
import { insertAnnotation } from '../infrastructure/annotations.sql.js';
import { lockEpisodeFiles } from '../infrastructure/lock-episode-files.sql.js';
import {
  decideRecount,
  findRecount,
  insertRecount,
  listRecounts,
  markSwitch,
  recountDifferences,
  showRecount,
} from '../infrastructure/recounts.sql.js';
import { RuleSetsService } from './rule-sets.service.js';

export interface RecountRequest {
  readonly ruleSetId: string;
  /** UTC days, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
}

const LONGEST_DAYS = 366;

/** Counting days again under another rule set. Nothing changes until a person applies it. Needs an open `TenantDb.run`. */
@Injectable()
export class RecountsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    private readonly ruleSets: RuleSetsService,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** A page, the youngest first. @throws DomainError `invalid_cursor` (400) */
  list(request: PageRequest): Promise<Page<RecountRow>> {
    const { sql, tenantId } = this.db.current;
    return readPage(this.cursors, tenantId, 'recounts', request, (limit, after) =>
      listRecounts(sql, tenantId, limit, after),
    );
  }

  /** A recount and what it would change. @throws DomainError `recount_not_found` (404) */
  async find(id: string): Promise<RecountRow & { differences: RecountDifference[] }> {
    const { sql, tenantId } = this.db.current;
    const recount = await this.require(id);
    return { ...recount, differences: await recountDifferences(sql, tenantId, id) };
  }

  /**
   * Asks for a recount; a worker does it. Days that are shown under the rule set already are counted under a copy of it,
   * with another version: what is shown stays until somebody decides. Sizes of files are those that are known now, whenever
   * a day's turn comes.
   * @throws DomainError `rule_set_not_found` (404), `invalid_range`, `before_raw_horizon` (400)
   */
  async request({ ruleSetId, firstDay, lastDay }: RecountRequest, by: string): Promise<RecountRow> {
    const { sql, tenantId } = this.db.current;
    const ruleSet = await this.ruleSets.find(ruleSetId);
    const [first, last] = [startOf(firstDay), startOf(lastDay)];
    if (!(first <= last) || last.getTime() - first.getTime() >= LONGEST_DAYS * DAY_MS)
      throw invalidDays(`lastDay must not lie before firstDay, nor ${LONGEST_DAYS} days after it or later.`);
    if (last.getTime() > Date.now()) throw invalidDays('lastDay must not lie in the future.');
    await this.requireRaw(first);
    const id = randomUUID();
    const beside = await this.beside(ruleSet, first, lastDay, by);
    await lockEpisodeFiles(sql, tenantId);
    await insertRecount(sql, tenantId, { id, ruleSetId: beside, firstDay, lastDay, requestedBy: by });
    await appendMark(sql, tenantId, 'recount', first, null);
    return this.require(id);
  }

  /**
   * Shows the days under the recount's rule set from now on, all of them in one step, and keeps the sizes of files that it
   * was counted with. What came in since it was counted is counted now. Downloads switch at once; rollups follow day by
   * day within seconds, and until then every answer made of them names the days that have not (`switchingDays`). The
   * downloads that were shown before stay stored: to go back is another recount that is applied.
   * @throws DomainError `recount_not_found` (404), `recount_not_counted` (409), `before_raw_horizon` (400): rollups of days
   *   whose raw requests were removed meanwhile are frozen and could not follow
   */
  async apply(id: string, by: string): Promise<RecountRow> {
    const { sql, tenantId } = this.db.current;
    const recount = await this.decide(id, 'applied', by);
    await this.requireRaw(startOf(recount.firstDay));
    await showRecount(sql, tenantId, id);
    await markSwitch(sql, tenantId, id);
    await insertAnnotation(sql, tenantId, {
      happenedAt: startOf(recount.firstDay),
      kind: 'recount_applied',
      detail: {
        recountId: id,
        ruleSetId: recount.ruleSetId,
        firstDay: recount.firstDay,
        lastDay: recount.lastDay,
        by,
      },
    });
    await moveWatermark(sql, tenantId);
    return recount;
  }

  /** Forgets what was counted. @throws DomainError `recount_not_found` (404), `recount_not_counted` (409) */
  async discard(id: string, by: string): Promise<RecountRow> {
    const { sql, tenantId } = this.db.current;
    const recount = await this.decide(id, 'discarded', by);
    await dropUnshownDownloads(sql, tenantId, recount);
    return recount;
  }

  private async decide(id: string, state: 'applied' | 'discarded', by: string): Promise<RecountRow> {
    const { sql, tenantId } = this.db.current;
    await this.require(id);
    if (!(await decideRecount(sql, tenantId, id, state, by)))
      throw new DomainError(
        'recount_not_counted',
        409,
        'Only a recount that is counted and undecided can be decided.',
      );
    return this.require(id);
  }

  /** The rule set, or, where some of the days to be counted are shown under it, a copy. Returns the id. */
  private async beside(ruleSet: RuleSet, first: Date, lastDay: string, by: string): Promise<string> {
    const { sql, tenantId } = this.db.current;
    const leadIn = leadInDays(ruleSet.rules.window) * DAY_MS;
    const shown = await countedDays(sql, tenantId, utcDate(new Date(first.getTime() - leadIn)), lastDay);
    return shown.some(({ id }) => id === ruleSet.id) ? this.ruleSets.copy(ruleSet, by) : ruleSet.id;
  }

  /** Refuses a day whose raw requests were removed. */
  private async requireRaw(first: Date): Promise<void> {
    const { sql, tenantId } = this.db.current;
    const rawFrom = await rawHorizon(sql, tenantId);
    if (rawFrom !== null && first < rawFrom)
      throw new DomainError(
        'before_raw_horizon',
        400,
        `Raw requests are kept from ${rawFrom.toISOString()} on; earlier days cannot be counted again.`,
        { field: 'firstDay' },
      );
  }

  private async require(id: string): Promise<RecountRow> {
    const { sql, tenantId } = this.db.current;
    const found = await findRecount(sql, tenantId, id);
    if (found === undefined)
      throw new DomainError('recount_not_found', 404, 'There is no recount with that id.');
    return found;
  }
}

function startOf(day: string): Date {
  return new Date(`${day}T00:00Z`);
}

function invalidDays(rule: string): DomainError {
  return new DomainError('invalid_range', 400, rule, { field: 'lastDay' });
}
