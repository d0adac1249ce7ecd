import type { Sql } from '@lib/database';
import type { StoredRequest } from '../domain/counted-request.js';
import type { Outcome } from '../domain/counting/outcome.js';
import type { DifferenceCause } from '../domain/recount.js';
import { changedFiles } from '../infrastructure/changed-files.sql.js';
import type { AgentReader } from './agent-reader.js';
import { PortionCounter, storedWindows, type RuledDay } from './count-day.js';

/** What a request is in the numbers that are shown, and why it would be something else when it is counted again. */
export interface ShownOutcome {
  readonly outcome: Outcome;
  readonly cause: DifferenceCause;
}

/**
 * Says what became of the requests of a day in the numbers that are shown, and which of them would be something else with
 * what a recount knows of files, the rules left alone.
 *
 * Outcomes are not stored, so the day is counted again by what it is shown by. Requests that wait to be counted are taken
 * for counted. Use it under the day's lock.
 */
export class ShownOutcomes {
  private readonly shown: PortionCounter;
  private readonly withFilesOfRecount: PortionCounter;
  private changed: Promise<ReadonlySet<string>> | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly ruled: RuledDay,
    private readonly filesAsOf: string,
    agents: AgentReader,
  ) {
    const windows = storedWindows(sql, ruled);
    this.shown = new PortionCounter(sql, ruled, agents, windows);
    this.withFilesOfRecount = new PortionCounter(sql, { ...ruled, filesAsOf }, agents, windows);
  }

  async of(requests: readonly StoredRequest[]): Promise<ShownOutcome[]> {
    const { outcomes } = (await this.shown.count(requests)).count;
    const others = (await this.hasChangedFile(requests))
      ? (await this.withFilesOfRecount.count(requests)).count.outcomes
      : outcomes;
    return outcomes.map((outcome, index) => ({
      outcome,
      cause: others[index] === outcome ? 'rules_changed' : 'episode_file_changed',
    }));
  }

  /** Few files change between two counts of a day: most portions need not be counted twice. */
  private async hasChangedFile(requests: readonly StoredRequest[]): Promise<boolean> {
    const { tenantId, filesAsOf } = this.ruled;
    const changed = await (this.changed ??= changedFiles(this.sql, tenantId, filesAsOf, this.filesAsOf));
    return requests.some(({ episodeId }) => episodeId !== null && changed.has(episodeId));
  }
}
