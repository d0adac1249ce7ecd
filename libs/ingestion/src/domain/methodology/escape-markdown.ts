/** Signs that mean something in CommonMark or in its tables. */
const SIGNS = /[\\`*_[\]#|~!$<>&]/g;

/**
 * Text as Markdown (CommonMark, with tables) that shows exactly that text, on one line and wherever on a line it stands:
 * no markup, HTML or link can be written with it.
 */
export function escapeMarkdown(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return line
    .replace(SIGNS, (sign) => ENTITIES[sign] ?? `\\${sign}`)
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replace(/(:)(?=\/\/)|@|(?<=www)\./gi, '\\$&');
}

/** Shown as text by every renderer, and by those that leave out Markdown. */
const ENTITIES: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;' };
