import { crc32 } from 'node:zlib';

const CHECKSUM_DIGITS = 8;

/** What a file of framed lines holds. */
export interface FramedLines {
  readonly lines: string[];
  /** Lines whose checksum does not fit: the disk has lost or changed something. */
  readonly damaged: number;
}

/** One line of a spool file: CRC-32 in hexadecimal, a space, the text and a line feed. @param text without line feeds */
export function frameLine(text: string): string {
  return `${checksum(text)} ${text}\n`;
}

/**
 * Reads framed lines back. What follows the last line feed was being written when the process died: nobody was told that
 * it is kept, and it is left out.
 */
export function readFramedLines(contents: string): FramedLines {
  const written = contents.split('\n').slice(0, -1);
  const lines = written.filter(isIntact).map((line) => line.slice(CHECKSUM_DIGITS + 1));
  return { lines, damaged: written.length - lines.length };
}

function isIntact(line: string): boolean {
  return line.startsWith(`${checksum(line.slice(CHECKSUM_DIGITS + 1))} `);
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
