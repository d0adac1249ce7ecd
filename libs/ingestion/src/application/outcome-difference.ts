import type { RequestEvidence } from '../domain/counting/download-request.js';
import type { Outcome } from '../domain/counting/outcome.js';
import type { RecountDifference } from '../domain/recount.js';
import type { CountedPortion } from './count-day.js';

const NO_PODCAST = '00000000-0000-0000-0000-000000000000';

/** Adds up the requests of one day whose outcome is another one under other rules. */
export class OutcomeDifference {
  private readonly counts = new Map<string, Omit<RecountDifference, 'day'>>();

  /** @param before outcomes under the rules that are shown, in the order of the requests; undefined for none */
  add({ requests, count }: CountedPortion, before: readonly Outcome[] | undefined): void {
    requests.forEach(({ podcastId, fromLog }, index) => {
      const [outcomeBefore, outcomeAfter] = [before?.[index], count.outcomes[index]];
      if (outcomeBefore === undefined || outcomeAfter === undefined || outcomeBefore === outcomeAfter) return;
      const evidence: RequestEvidence = fromLog ? 'origin_bytes' : 'prefix_only';
      const key = [podcastId, evidence, outcomeBefore, outcomeAfter].join(' ');
      const row = this.counts.get(key);
      if (row) row.requests += 1;
      else
        this.counts.set(key, {
          podcastId: podcastId ?? NO_PODCAST,
          evidence,
          outcomeBefore,
          outcomeAfter,
          requests: 1,
        });
    });
  }

  rows(day: string): RecountDifference[] {
    return [...this.counts.values()].map((row) => ({ day, ...row }));
  }
}
