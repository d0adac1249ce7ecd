import { createInterface } from 'node:readline/promises';
import type { CommandIo } from './command-io.js';

/** The real terminal and environment. */
export function processIo(): CommandIo {
  return {
    // The CLI hands its environment on to the processes that it starts, each its share; it reads settings from the
    // result through @lib/config like everybody else.
    // eslint-disable-next-line no-restricted-properties
    environment: process.env,
    print: (text) => console.log(text),
    warn: (text) => console.error(text),
    confirm,
    columns: process.stdout.columns || 120,
  };
}

async function confirm(question: string): Promise<boolean | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
