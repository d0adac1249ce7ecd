/** Bytes that one file of an agent list may have. */
export const LIST_FILE_BYTES = 4 * 1024 * 1024;

/** What a list may be: several times the public one of 2026, and little enough to be asked about a stranger's agent at once. */
export const LIST_LIMITS = {
  entries: 5_000,
  nameCharacters: 200,
  patternCharacters: 2_000,
  examples: 1_000,
  exampleCharacters: 4_096,
  /**
   * Instructions that a pattern compiles to. Matching takes time in proportion to them and to the length of the agent: with
   * as many as this about 10 ms in the worst case, where a usual pattern takes less than a thousandth of one.
   */
  patternInstructions: 2_000,
  /** Of all patterns of the six files together. */
  totalInstructions: 100_000,
} as const;

/** What the overrides of one tenant may be: all together, what the patterns of a list may be. */
export const OVERRIDE_LIMITS = { standing: 200, patternCharacters: 500, patternInstructions: 500 } as const;
