import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@lib/database';
import type { Mutant } from './mutants.js';

/**
 * Copies the compiled program into `directory`, so that a build during the drill changes nothing and a defect can be put
 * in. Returns the directory of the copied `dist`.
 *
 * @throws Error when a patch of the mutant does not fit exactly once: the program has changed and the mutant must follow
 */
export async function copyProgram(directory: string, mutant: Mutant | undefined): Promise<string> {
  const root = projectRoot();
  const dist = join(directory, 'dist');
  await mkdir(directory, { recursive: true });
  await cp(join(root, 'dist'), dist, { recursive: true });
  await cp(join(root, 'package.json'), join(directory, 'package.json'));
  for (const folder of ['node_modules', 'db']) await symlink(join(root, folder), join(directory, folder));
  for (const patch of mutant?.patches ?? []) await applyPatch(join(dist, patch.file), patch);
  return dist;
}

async function applyPatch(file: string, { find, replace }: { find: string; replace: string }): Promise<void> {
  const parts = (await readFile(file, 'utf8')).split(find);
  if (parts.length !== 2) {
    throw new Error(`the mutant does not fit ${file}: ${parts.length - 1} times\n${find}`);
  }
  await writeFile(file, parts.join(replace));
}
