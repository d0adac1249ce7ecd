import type { MethodologySection } from './methodology.js';

/** A section that has only what is given. */
export function section(
  id: string,
  title: string,
  content: Partial<Pick<MethodologySection, 'paragraphs' | 'facts' | 'table'>>,
): MethodologySection {
  const { paragraphs = [], facts = [], table = null } = content;
  return { id, title, paragraphs, facts, table: table && table.rows.length > 0 ? table : null };
}
