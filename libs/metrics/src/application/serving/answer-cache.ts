import { createHash } from 'node:crypto';
import type { RollupState } from '../../infrastructure/answer-frame.sql.js';
import { ORIGIN, type AnswerOrigin } from './answer-origin.js';
import { KeptAnswers, type KeptAnswer } from './kept-answers.js';
import { countAnswer, measureKeptBytesWith } from './serving-metrics.js';

/** What was asked, in a form that is the same whenever the same is asked. */
export interface AskedQuestion {
  readonly tenantId: string;
  readonly text: string;
}

/** An answer to send: as JSON with its entity tag, or, where it does not say what it was made of, as it is. */
export type ServedAnswer =
  | { readonly kind: 'tagged'; readonly json: string; readonly etag: string }
  | { readonly kind: 'plain'; readonly value: unknown };

type FoundAnswer = KeptAnswer | { readonly value: unknown };

/**
 * Gives the same answer to the same question for as long as nothing that it was made of has changed.
 *
 * An answer was right in a snapshot that began at most `freshMs` before the question came, or begins after it; `asOf` says
 * of which events, and is never later than what that snapshot held. Older answers are looked at by one statement: numbers
 * of the same version of the tenant's watermark stand, until the time that their origin names, and get the `asOf` of now.
 * Questions that are asked while the same one is worked on wait for that. Failures are not kept.
 */
export class AnswerCache {
  private readonly kept: KeptAnswers;
  private readonly running = new Map<string, { begunAt: number; answer: Promise<FoundAnswer> }>();

  /**
   * @param freshMs for so long an answer that was seen to be right is given without a look
   * @param stateNow says how the rollups that an answer came from are now
   */
  constructor(
    maxBytes: number,
    private readonly freshMs: number,
    private readonly stateNow: (tenantId: string, origin: AnswerOrigin) => Promise<RollupState>,
  ) {
    this.kept = new KeptAnswers(maxBytes);
    measureKeptBytesWith(() => this.kept.bytes);
  }

  /** @param compute answers the question from the database, in a snapshot that it opens after it was called */
  async answer(question: AskedQuestion, compute: () => Promise<unknown>): Promise<ServedAnswer> {
    const found = await this.find(question, performance.now() - this.freshMs, compute);
    if ('value' in found) return { kind: 'plain', value: found.value };
    const { asOf, json, etag } = found;
    return { kind: 'tagged', json: `{"asOf":${JSON.stringify(asOf)},${json.slice(1)}`, etag };
  }

  private async find(
    question: AskedQuestion,
    notBefore: number,
    compute: () => Promise<unknown>,
  ): Promise<FoundAnswer> {
    const { tenantId, text } = question;
    const name = `${tenantId} ${text}`;
    for (;;) {
      const running = this.running.get(name);
      if (running === undefined) break;
      if (running.begunAt >= notBefore) {
        countAnswer('shared');
        return running.answer;
      }
      // Too old for this request, and the database has enough to do with it.
      await running.answer.catch(() => undefined);
    }
    const kept = this.kept.find(tenantId, text);
    if (kept !== undefined && kept.seenAt >= notBefore) {
      countAnswer('hit');
      return kept;
    }
    const begunAt = performance.now();
    const answer = this.renew(question, kept, begunAt, compute).finally(() => this.running.delete(name));
    this.running.set(name, { begunAt, answer });
    return answer;
  }

  private async renew(
    { tenantId, text }: AskedQuestion,
    kept: KeptAnswer | undefined,
    begunAt: number,
    compute: () => Promise<unknown>,
  ): Promise<FoundAnswer> {
    if (kept !== undefined && (await this.stands(tenantId, kept, begunAt))) {
      countAnswer('revalidated');
      return kept;
    }
    countAnswer('miss');
    const value = await compute();
    const fresh = keepable(value, begunAt);
    if (fresh === undefined) return { value };
    this.kept.keep(tenantId, text, fresh);
    return fresh;
  }

  private async stands(tenantId: string, kept: KeptAnswer, begunAt: number): Promise<boolean> {
    const { state: then, until = Infinity } = kept.origin;
    if (Date.now() >= until) return false;
    const now = await this.stateNow(tenantId, kept.origin);
    // A replica that has not come as far as the one that answered: what was true of newer numbers is no less true.
    const isBehind = now.version < then.version;
    const stands = isBehind || (now.version === then.version && labelsOf(now) === labelsOf(then));
    if (!stands) return false;
    kept.seenAt = begunAt;
    if (!isBehind) kept.asOf = laterOf(kept.asOf, now.asOf);
    return true;
  }
}

/** What of the state stands in the answer beside `asOf`. */
function labelsOf({ ruleSets, switchingDays }: RollupState): string {
  return JSON.stringify([ruleSets, switchingDays]);
}

function laterOf(one: Date | null, other: Date | null): Date | null {
  return one !== null && (other === null || one > other) ? one : other;
}

/** Undefined for an answer that does not say what it was made of, or says another `asOf` than that would give. */
function keepable(value: unknown, seenAt: number): KeptAnswer | undefined {
  const { asOf, ...rest } = value as { asOf?: Date | null; [ORIGIN]?: AnswerOrigin };
  const origin = rest[ORIGIN];
  if (origin === undefined || asOf?.getTime() !== origin.state.asOf?.getTime()) return undefined;
  const json = JSON.stringify(rest);
  const etag = `W/"${createHash('sha256').update(json).digest('base64url').slice(0, 27)}"`;
  return { json, etag, origin, asOf: asOf ?? null, seenAt };
}
