import type { RequestEvidence } from '../domain/counting/download-request.js';
import type { RecountDifference } from '../domain/recount.js';
import type { CountedPortion } from './count-day.js';
import type { ShownOutcome } from './shown-outcomes.js';

const NO_PODCAST = '00000000-0000-0000-0000-000000000000';

/** Adds up the requests of one day whose outcome is another one than in the numbers that are shown. */
export class OutcomeDifference {
  private readonly counts = new Map<string, Omit<RecountDifference, 'day'>>();

  /** @param shown what is shown of the requests, in their order; undefined for a day that shows nothing */
  add({ requests, count }: CountedPortion, shown: readonly ShownOutcome[] | undefined): void {
    requests.forEach(({ podcastId, fromLog }, index) => {
      const [before, outcomeAfter] = [shown?.[index], count.outcomes[index]];
      if (before === undefined || outcomeAfter === undefined || before.outcome === outcomeAfter) return;
      const { outcome: outcomeBefore, cause } = before;
      const evidence: RequestEvidence = fromLog ? 'origin_bytes' : 'prefix_only';
      const key = [podcastId, evidence, outcomeBefore, outcomeAfter, cause].join(' ');
      const row = this.counts.get(key);
      if (row) row.requests += 1;
      else
        this.counts.set(key, {
          podcastId: podcastId ?? NO_PODCAST,
          evidence,
          outcomeBefore,
          outcomeAfter,
          cause,
          requests: 1,
        });
    });
  }

  rows(day: string): RecountDifference[] {
    return [...this.counts.values()].map((row) => ({ day, ...row }));
  }
}
