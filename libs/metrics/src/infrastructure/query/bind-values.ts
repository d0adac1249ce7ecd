/** Parameters of a statement whose text depends on what is asked. */
export interface BoundValues {
  readonly params: unknown[];
  /** Adds a value and returns how the text names it: `$3::uuid[]`. */
  bind(value: unknown, type: string): string;
}

/** A list of parameters that begins with `first` as $1. */
export function bindValues(first: unknown): BoundValues {
  const params = [first];
  return { params, bind: (value, type) => `$${params.push(value)}::${type}` };
}
