/**
 * Proves that every boundary rule fires: builds a tree that breaks each rule once in a temporary folder, lets
 * dependency-cruiser judge it, and fails when a rule stays silent or an allowed import is reported.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const configFile = join(root, '.dependency-cruiser.cjs');
const rules = createRequire(import.meta.url)(configFile).forbidden.map(({ name }) => name);

/** `[file, import, rule that must report it, or null where it is allowed]`; `*` imports the type alone. */
const IMPORTS = [
  ['libs/queue/src/a.ts', './b.js', 'no-cycles'],
  ['libs/queue/src/c.ts', './nowhere.js', 'resolvable'],
  ['libs/queue/src/d.ts', '@lib/database', null],
  ['libs/queue/src/e.ts', '@lib/metrics', 'platform-below-features'],
  ['libs/queue/src/f.ts', '@lib/testing', 'testing-from-specs'],
  ['libs/queue/src/f.db-spec.ts', '@lib/testing', null],
  ['libs/queue/src/g.ts', 'development-only', 'no-dev-dependencies'],
  ['libs/queue/src/h.ts', '../../../apps/api/src/main.js', 'libs-below-apps'],
  ['libs/primitives/src/a.ts', 'node:fs', 'primitives-alone'],
  ['apps/worker/src/a.ts', '../../api/src/main.js', 'apps-apart'],
  ['apps/worker/src/b.ts', '../../../libs/metrics/src/domain/a.js', 'lib-index-only'],
  ['apps/worker/src/c.ts', '@lib/metrics', null],
  ['libs/metrics/src/x.ts', '@lib/tenants', null],
  ['libs/metrics/src/y.ts', '@lib/catalog', 'feature-edges'],
  ['libs/unclassified/src/a.ts', '@lib/catalog', 'feature-edges'],
  ['libs/ingestion/src/a.ts', '@lib/catalog', null],
  ['libs/ingestion/src/b.ts', '@lib/metrics', 'feature-edges-ingestion'],
  ['libs/campaigns/src/a.ts', '@lib/ingestion', 'feature-edges-campaigns'],
  ['libs/attribution/src/a.ts', '@lib/ingestion', null],
  ['libs/attribution/src/b.ts', '@lib/metrics', 'feature-edges-attribution'],
  ['libs/metrics/src/domain/a.ts', '@lib/primitives', null],
  ['libs/metrics/src/domain/b.ts', 'node:fs', 'domain-pure'],
  ['libs/unclassified/src/domain/b.ts', '@lib/database', 'domain-pure'],
  ['libs/metrics/src/infrastructure/a.ts', '../domain/a.js', null],
  ['libs/metrics/src/infrastructure/b.ts', '../application/a.js', 'infrastructure-below-application'],
  ['libs/metrics/src/application/a.ts', '../infrastructure/a.js', null],
  ['libs/metrics/src/application/b.ts', '../http/a.js', 'application-below-http'],
  ['libs/metrics/src/http/a.ts', '../application/a.js', null],
  ['libs/metrics/src/http/b.ts', '../infrastructure/a.js', 'http-through-application'],
  ['libs/metrics/src/http/c.ts', '../domain/a.js', 'http-domain-types'],
  ['libs/metrics/src/http/d.ts', '*../domain/a.js', null],
];

const LIBS = ['queue', 'database', 'testing', 'primitives', 'tenants', 'catalog', 'ingestion', 'metrics'];

const TREE = {
  'package.json': '{ "type": "module", "devDependencies": { "development-only": "1.0.0" } }',
  'tsconfig.json':
    '{ "compilerOptions": { "module": "nodenext", "paths": { "@lib/*": ["./libs/*/src/index.ts"] } } }',
  'node_modules/development-only/package.json': '{ "name": "development-only", "main": "index.js" }',
  'node_modules/development-only/index.js': '',
  'apps/api/src/main.ts': 'export {};',
  'libs/queue/src/b.ts': "export * from './a.js';",
  ...Object.fromEntries(LIBS.map((lib) => [`libs/${lib}/src/index.ts`, 'export {};'])),
  ...Object.fromEntries(
    IMPORTS.map(([file, target]) => [
      file,
      target.startsWith('*')
        ? `import type { T } from '${target.slice(1)}'; export type U = T;`
        : `import * as used from '${target}'; export { used };`,
    ]),
  ),
};

/**
 * @param {string} folder
 * @returns {{ from: string, to: string, rule: { name: string } }[]}
 */
function cruise(folder) {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [bin, '--config', configFile, '--output-type', 'json', 'apps', 'libs'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (stdout === '') throw new Error(`dependency-cruiser said nothing: ${stderr}`);
  return JSON.parse(stdout).summary.violations;
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'boundaries-')));
try {
  for (const [file, text] of Object.entries(TREE)) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const found = cruise(folder).map(({ from, rule }) => `${rule.name}: ${from}`);
  const expected = IMPORTS.filter(([, , rule]) => rule !== null).map(([file, , rule]) => `${rule}: ${file}`);
  const problems = [
    ...rules
      .filter((rule) => !IMPORTS.some(([, , name]) => name === rule))
      .map((rule) => `no example for ${rule}`),
    ...expected.filter((line) => !found.includes(line)).map((line) => `did not fire: ${line}`),
    ...IMPORTS.filter(
      ([file, , rule]) => rule === null && found.some((line) => line.endsWith(`: ${file}`)),
    ).map(([file]) => `reported although allowed: ${file}`),
  ];
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
