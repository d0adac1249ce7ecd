/**
 * A description of methodology: what is counted and how, generated from the configuration in force (PTMG v2.3 §5.5,
 * IAB-26). Texts may hold what people have written; a renderer has to escape all of them.
 */
export interface Methodology {
  readonly title: string;
  /** What may be claimed, and no more. */
  readonly statement: string;
  readonly generatedAt: Date;
  readonly ruleSetVersion: string;
  readonly sections: readonly MethodologySection[];
  /** Where we depart from the guidelines. */
  readonly divergences: readonly Divergence[];
  /** What somebody should look after. */
  readonly findings: readonly Finding[];
}

export interface MethodologySection {
  /** Stable; programs may look for it. */
  readonly id: string;
  readonly title: string;
  readonly paragraphs: readonly string[];
  readonly facts: readonly Fact[];
  readonly table: Table | null;
}

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Divergence {
  /** Stable; programs may look for it. */
  readonly id: string;
  /** The section of the guidelines, or `own rule` for one that they do not have. */
  readonly source: string;
  readonly what: string;
  readonly reason: string;
}

export interface Finding {
  readonly id: string;
  readonly text: string;
}
