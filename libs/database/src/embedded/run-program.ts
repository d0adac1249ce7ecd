import { spawn } from 'node:child_process';
import type { ServerAccount } from './embedded-postgres.contract.js';

/** How a program ended; `output` holds standard output and standard error in the order they came. */
export interface ProgramResult {
  readonly exitCode: number | null;
  readonly output: string;
}

/**
 * The environment of PostgreSQL's programs. A short list instead of our own environment: another account could
 * read our secrets in /proc, and PGDATA, PGPORT or PGOPTIONS would change what PostgreSQL does.
 */
export function programEnvironment(): NodeJS.ProcessEnv {
  // eslint-disable-next-line no-restricted-properties -- handed on to another program, not read as a setting
  const own = process.env;
  const passed = ['PATH', 'SystemRoot', 'TEMP', 'TMP'].filter((name) => own[name] !== undefined);
  return { ...Object.fromEntries(passed.map((name) => [name, own[name]])), LC_ALL: 'C' };
}

/**
 * Runs a program to its end, under another account when one is given. Rejects with Node's error when the program
 * cannot be started at all; an exit code other than 0 is a result.
 */
export function runProgram(
  program: string,
  parameters: readonly string[],
  options: { cwd: string; account?: ServerAccount | undefined },
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd: options.cwd,
      env: programEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      ...(options.account && { uid: options.account.uid, gid: options.account.gid }),
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}
