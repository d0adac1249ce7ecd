import { hash } from 'node:crypto';
import { canonicalJson } from '../hash-payload.js';
import { LIST_FILES, type AgentListContent, type ListEntry } from './list-entry.js';

/**
 * The part of lists that decides, as text that is the same wherever it was loaded from: order of entries, names,
 * patterns, categories, dates, and which are catch-alls. Examples, comments and addresses decide nothing and are left out.
 */
export function canonicalLists(content: AgentListContent): string {
  const files = [...LIST_FILES, 'crawlers'] as const;
  return canonicalJson(Object.fromEntries(files.map((file) => [file, content[file].map(deciding)])));
}

/** SHA-256 of the canonical text, in hexadecimal. Equal versions classify equally. */
export function listVersion(canonical: string): string {
  return hash('sha256', canonical, 'hex');
}

function deciding({ name, pattern, category, from, until, catchAll }: ListEntry): ListEntry {
  return { name, pattern, category, from, until, catchAll: catchAll || undefined };
}
