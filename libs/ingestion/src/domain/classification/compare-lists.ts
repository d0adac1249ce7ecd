import { LIST_FILES, type AgentListContent, type ListEntry } from './list-entry.js';

/** Every file of what is stored. */
const FILES = [...LIST_FILES, 'crawlers'] as const;
type File = (typeof FILES)[number];

/** What became of a file: names of entries. */
export interface FileChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Of the same name, with another pattern, category or date, or a catch-all on one side. */
  readonly changed: readonly string[];
  /** Entries that both have stand in another order, so another one may decide. */
  readonly reordered: boolean;
}

/** How many entries each file has. */
export function countEntries(content: AgentListContent): Record<File, number> {
  return Object.fromEntries(FILES.map((file) => [file, content[file].length])) as Record<File, number>;
}

/** What is different in `after`, file by file. Files that say the same are left out. */
export function compareLists(before: AgentListContent, after: AgentListContent): Record<string, FileChanges> {
  const changes: Record<string, FileChanges> = {};
  for (const file of FILES) {
    const { added, removed, changed, reordered } = compareFiles(before[file], after[file]);
    if (added.length + removed.length + changed.length > 0 || reordered) {
      changes[file] = { added, removed, changed, reordered };
    }
  }
  return changes;
}

function compareFiles(before: readonly ListEntry[], after: readonly ListEntry[]): FileChanges {
  const [old, young] = [byName(before), byName(after)];
  const [kept, keptAfter] = [
    before.filter(({ name }) => young.has(name)),
    after.filter(({ name }) => old.has(name)),
  ];
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.filter(({ name }) => !young.has(name)).map(({ name }) => name),
    changed: kept.filter((entry) => differ(entry, young.get(entry.name))).map(({ name }) => name),
    reordered: kept.some(({ name }, index) => keptAfter[index]?.name !== name),
  };
}

function byName(entries: readonly ListEntry[]): Map<string, ListEntry> {
  return new Map(entries.map((entry) => [entry.name, entry]));
}

function differ(a: ListEntry, b: ListEntry | undefined): boolean {
  if (b === undefined) return true;
  const isOther = a.pattern !== b.pattern || a.category !== b.category || !a.catchAll !== !b.catchAll;
  return isOther || a.from !== b.from || a.until !== b.until;
}
