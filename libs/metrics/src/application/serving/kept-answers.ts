import { LRUCache } from 'lru-cache';
import type { AnswerOrigin } from './answer-origin.js';

/** An answer that may be given again. */
export interface KeptAnswer {
  /** JSON of everything but `asOf`, which moves on while the numbers stand. */
  readonly json: string;
  /** Of `json`: a weak entity tag (RFC 9110 §8.8.3). */
  readonly etag: string;
  readonly origin: AnswerOrigin;
  asOf: Date | null;
  /** When it was last seen to be right, on the process's own clock (`performance.now`). */
  seenAt: number;
}

/**
 * For how long an answer is kept at most, though nothing that it is made of changes: it may depend on the clock, and an
 * operator may change rows by hand.
 */
const LONGEST_MS = 60_000;

/** What an entry takes beside its texts, which take up to two bytes a character. */
const ENTRY_BYTES = 1_000;

/**
 * Answers in memory, within a number of bytes for all tenants together. What is too much goes from the tenant that has
 * most, its least recently used first: a tenant that asks for much takes room that nobody uses, and never what another
 * tenant has within an equal share.
 */
export class KeptAnswers {
  private readonly tenants = new Map<string, LRUCache<string, KeptAnswer>>();

  constructor(private readonly maxBytes: number) {}

  find(tenantId: string, question: string): KeptAnswer | undefined {
    return this.tenants.get(tenantId)?.get(question);
  }

  keep(tenantId: string, question: string, answer: KeptAnswer): void {
    const size = 2 * (question.length + answer.json.length) + ENTRY_BYTES;
    if (size > this.maxBytes) return;
    const answers = this.tenants.get(tenantId) ?? this.open(tenantId);
    answers.set(question, answer, { size });
    while (this.bytes > this.maxBytes) this.largest().pop();
  }

  /** Bytes that are taken at the moment. */
  get bytes(): number {
    let bytes = 0;
    for (const { calculatedSize } of this.tenants.values()) bytes += calculatedSize;
    return bytes;
  }

  private open(tenantId: string): LRUCache<string, KeptAnswer> {
    const answers = new LRUCache<string, KeptAnswer>({
      maxSize: this.maxBytes,
      ttl: LONGEST_MS,
      ttlAutopurge: true,
      disposeAfter: () => {
        if (answers.size === 0) this.tenants.delete(tenantId);
      },
    });
    this.tenants.set(tenantId, answers);
    return answers;
  }

  private largest(): LRUCache<string, KeptAnswer> {
    return [...this.tenants.values()].reduce((most, some) =>
      some.calculatedSize > most.calculatedSize ? some : most,
    );
  }
}
