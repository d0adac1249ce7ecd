import type { AgentRules } from '../domain/classification/agent-rules.js';
import type { AgentListContent, ListEntries } from '../domain/classification/list-entry.js';
import { ListRejected } from '../domain/classification/list.errors.js';
import { canonicalLists, listVersion } from '../domain/classification/list-version.js';
import { proveExamples, type ExampleMismatch } from '../domain/classification/prove-examples.js';
import { compileRules } from '../infrastructure/compile-rules.js';
import { crawlerList } from '../infrastructure/crawler-list.js';

/** Lists that passed every check. */
export interface PreparedLists {
  readonly content: AgentListContent;
  /** What is stored and hashed. */
  readonly canonical: string;
  /** SHA-256 of `canonical`, in hexadecimal. */
  readonly version: string;
  readonly rules: AgentRules;
  /** Examples of devices and referrers that an earlier entry takes: harmless, and worth a look. */
  readonly warnings: readonly string[];
}

const SHOWN = 5;

/**
 * Adds the general list of crawlers, compiles every pattern and proves every example.
 * @throws ListRejected for a pattern that is refused, and for an example of a bot, app, library or browser that does not
 * lead to its own entry: such a list would count something as something else
 */
export function prepareLists(entries: ListEntries): PreparedLists {
  const content = { ...entries, crawlers: crawlerList() };
  const canonical = canonicalLists(content);
  const version = listVersion(canonical);
  const rules = compileRules(content, version);
  const mismatches = proveExamples(entries, rules);
  const [fatal, harmless] = [mismatches.filter(isFatal), mismatches.filter((each) => !isFatal(each))];
  if (fatal.length > 0) {
    const first = fatal.slice(0, SHOWN).map(describe).join('\n');
    throw new ListRejected('list_example_mismatch', `${fatal.length} examples fail:\n${first}`);
  }
  return { content, canonical, version, rules, warnings: harmless.map(describe) };
}

function isFatal({ file }: ExampleMismatch): boolean {
  return file !== 'devices' && file !== 'referrers';
}

function describe({ file, name, example, foundInstead }: ExampleMismatch): string {
  return `${file}: "${name}" should be found for ${JSON.stringify(example)}, which leads to ${foundInstead ?? 'nothing'}`;
}
