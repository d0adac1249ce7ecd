/** Builds `dist` when it is missing or older than the sources, so that nobody has to remember to. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'dist', '.built-at');
const compiler = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
const BUILD_FILES = ['package.json', 'tsconfig.json', 'nest-cli.json', '.swcrc'];

/**
 * Takes about four seconds when there is something to build, and a few milliseconds when not.
 * Ends the process with what the compiler said when the build fails.
 */
export function buildWhenStale() {
  if (existsSync(stamp) && newestSource() <= statSync(stamp).mtimeMs) return;
  if (!existsSync(compiler)) return explainMissingCompiler();
  process.stdout.write('Building …\n');
  const startedAt = new Date();
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, 'build', '--all'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) {
    process.stderr.write(`${stdout}${stderr}\nThe build failed.\n`);
    process.exit(1);
  }
  writeFileSync(stamp, '');
  // The time of the start: a source that was changed during the build is newer.
  utimesSync(stamp, startedAt, startedAt);
}

/** An installation without development packages runs the build that it came with. */
function explainMissingCompiler() {
  if (existsSync(join(root, 'dist', 'apps', 'cli', 'src', 'main.js'))) return;
  process.stderr.write('There is nothing to run yet. Install the packages first: npm ci\n');
  process.exit(1);
}

/** @returns {number} when the newest source file was changed, in milliseconds since 1970 */
function newestSource() {
  const times = BUILD_FILES.map((file) => statSync(join(root, file)).mtimeMs);
  return Math.max(...times, ...['apps', 'libs'].map((folder) => newestUnder(join(root, folder))));
}

/**
 * @param {string} folder
 * @returns {number} 0 when it holds no sources
 */
function newestUnder(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestUnder(path));
    else if (/\.(ts|json)$/.test(entry.name) && !entry.name.endsWith('spec.ts'))
      newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}
