import { escapeMarkdown } from './escape-markdown.js';
import type { Methodology, MethodologySection, Table } from './methodology.js';

/** The description as Markdown (CommonMark, with tables). Every text is escaped: people have written some of them. */
export function renderMethodology({ title, statement, generatedAt, sections }: Methodology): string {
  const blocks = [
    `# ${escapeMarkdown(title)}`,
    `**${escapeMarkdown(statement)}**`,
    `Generated ${generatedAt.toISOString()} from the configuration in force.`,
    ...sections.flatMap(renderSection),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function renderSection({ title, paragraphs, facts, table }: MethodologySection): string[] {
  const list = facts.map(({ label, value }) => `- **${escapeMarkdown(label)}:** ${escapeMarkdown(value)}`);
  return [
    `## ${escapeMarkdown(title)}`,
    ...paragraphs.map(escapeMarkdown),
    ...(list.length > 0 ? [list.join('\n')] : []),
    ...(table ? [renderTable(table)] : []),
  ];
}

function renderTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(columns), `|${' --- |'.repeat(columns.length)}`, ...rows.map(line)].join('\n');
}
