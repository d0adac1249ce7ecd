import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of the installed project: the nearest one above this file that holds `db/migrations`. */
export function projectRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'db', 'migrations'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error('db/migrations was not found above the program');
    directory = parent;
  }
  return directory;
}
