/** The promises that a drill checks; the letters are those of the reliability page. */
export const INVARIANTS = {
  I1: 'acknowledged events are stored',
  I2: 'an event is stored and accepted once',
  I3: 'stored events are sent events, unchanged',
  I4: 'aggregates are the count of raw events',
  I5: 'no row belongs to another tenant',
  I6: 'the installation heals by itself, in time',
  I7: 'answers are honest, complete and in time',
  I8: 'no process ends by itself',
} as const;
export type Invariant = keyof typeof INVARIANTS;

const EXAMPLES = 5;

/** What was found broken: counts, and the first few examples of each. */
export class Violations {
  private readonly found = new Map<Invariant, { count: number; examples: string[] }>();

  /** @param count how many events, rows or answers the example stands for */
  add(invariant: Invariant, example: string, count = 1): void {
    const entry = this.found.get(invariant) ?? { count: 0, examples: [] };
    entry.count += count;
    if (entry.examples.length < EXAMPLES) entry.examples.push(example);
    this.found.set(invariant, entry);
  }

  count(invariant: Invariant): number {
    return this.found.get(invariant)?.count ?? 0;
  }

  examples(invariant: Invariant): readonly string[] {
    return this.found.get(invariant)?.examples ?? [];
  }

  get broken(): readonly Invariant[] {
    return [...this.found.keys()].sort();
  }
}
