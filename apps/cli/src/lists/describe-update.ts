import type { FileChanges, ListUpdate } from '@lib/ingestion';
import type { CommandIo } from '../command-io.js';

const SHOWN_NAMES = 10;

/** Prints what an update of a list did. */
export function describeUpdate(io: CommandIo, kind: 'agents' | 'networks', update: ListUpdate): void {
  const { version, isNew, previous, summary, changes, warnings } = update;
  const against =
    previous === null ? (kind === 'agents' ? 'the built-in list' : 'none') : previous.slice(0, 12);
  io.print(
    `${kind === 'agents' ? 'Agents  ' : 'Networks'}  ${version} (${isNew ? 'new' : 'was stored before'}), in force now`,
  );
  io.print(
    `Entries   ${Object.entries(summary)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  );
  io.print(`Changes   against ${against}:`);
  const lines = describeChanges(changes);
  for (const line of lines.length > 0 ? lines : ['none']) io.print(`          ${line}`);
  for (const warning of warnings) io.warn(`Odd: ${warning}`);
}

function describeChanges(changes: ListUpdate['changes']): string[] {
  if ('blocks' in changes) {
    const { added, removed, changed } = changes.blocks;
    return added + removed + changed === 0
      ? []
      : [`${added} blocks added, ${removed} removed, ${changed} changed`];
  }
  return Object.entries(changes.files).flatMap(([file, change]) => describeFile(file, change));
}

function describeFile(file: string, { added, removed, changed, reordered }: FileChanges): string[] {
  return [
    `${file}: ${added.length} added, ${removed.length} removed, ${changed.length} changed${reordered ? ', others in another order' : ''}`,
    ...describeNames('+', added),
    ...describeNames('−', removed),
    ...describeNames('~', changed),
  ];
}

function describeNames(sign: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  return [`  ${sign} ${names.slice(0, SHOWN_NAMES).join(', ')}${more}`];
}
