import { ruleAt, type AgentRule, type AgentRules } from './agent-rules.js';
import { LIST_FILES, type ListEntries, type ListFile } from './list-entry.js';

/** An example of an entry that another entry, or none, would be found for. */
export interface ExampleMismatch {
  readonly file: ListFile;
  readonly name: string;
  readonly example: string;
  /** `file: name`, or null. */
  readonly foundInstead: string | null;
}

const BY_AGENT = ['bots', 'apps', 'libraries', 'browsers'] as const;

/** After every date that an entry can have. */
const AT_LAST = Number.MAX_SAFE_INTEGER;

/**
 * Looks up every example as a header would be, and returns those that do not lead to their own entry. An example of an
 * entry that ends is looked up in the last moment of the entry.
 */
export function proveExamples(entries: ListEntries, rules: AgentRules): ExampleMismatch[] {
  return LIST_FILES.flatMap((file) =>
    entries[file].flatMap(({ name, examples = [] }, index) => {
      const untilMs = rules[file].rules[index]?.untilMs ?? Infinity;
      const atMs = untilMs === Infinity ? AT_LAST : untilMs - 1;
      return examples.flatMap((example): ExampleMismatch[] => {
        const found = find(file, example, rules, atMs);
        if (found?.file === file && found.rule.name === name) return [];
        return [{ file, name, example, foundInstead: found ? `${found.file}: ${found.rule.name}` : null }];
      });
    }),
  );
}

function find(
  file: ListFile,
  example: string,
  rules: AgentRules,
  atMs: number,
): { file: ListFile; rule: AgentRule } | undefined {
  // Devices and referrers are asked apart from the question what an agent is.
  const files = file === 'devices' || file === 'referrers' ? [file] : BY_AGENT;
  for (const each of files) {
    const rule = ruleAt(rules[each], example, atMs);
    if (rule !== undefined) return { file: each, rule };
  }
  return undefined;
}
