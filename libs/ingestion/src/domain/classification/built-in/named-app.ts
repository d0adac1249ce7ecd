import type { ListEntry } from '../list-entry.js';

/**
 * An app whose agent begins with its name, the usual shape (PTMG v2.3 §7.1): `<app>/<version> …`, `<app> <version>` or
 * the name alone.
 * @param others other names under which the same app goes
 */
export function namedApp(name: string, ...others: readonly string[]): ListEntry {
  return { name, pattern: `^${anyName([name, ...others])}([/ ;:(,]|%20|$)` };
}

/**
 * A pattern for names as agents write them: Apple's networking percent-encodes what is not plain, some apps leave blanks
 * out.
 */
export function anyName(names: readonly string[]): string {
  const spellings = new Set(names.flatMap(spellingsOf));
  return `(${[...spellings].map(literal).join('|')})`;
}

function spellingsOf(name: string): string[] {
  return [name, encodeURIComponent(name), name.replaceAll(' ', ''), name.replaceAll(' ', '-')];
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
