import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Who may open a connection that carries no tenant: everyone else goes through TenantDb. */
const MAY_CONNECT = [
  'libs/database/**/*.ts',
  '**/*.db-spec.ts',
  '**/*.e2e-spec.ts',
  '**/*.bench.ts',
  '**/*doctor*.ts',
];

/** Who may read process.env: everyone else receives the typed Settings. */
const MAY_READ_ENVIRONMENT = ['libs/config/**/*.ts'];

const MAY_DO_BOTH = ['libs/testing/**/*.ts', 'scripts/**/*.ts'];

const ENVIRONMENT = {
  properties: [{ object: 'process', property: 'env', message: 'Read Settings from @lib/config instead.' }],
  imports: ['process', 'node:process'].map((name) => ({
    name,
    importNames: ['env'],
    message: 'Read Settings from @lib/config instead.',
  })),
};

const CONNECTION = {
  properties: [{ property: 'createQueryRunner', message: 'Use TenantDb of @lib/database.' }],
  imports: [{ name: 'pg', message: 'Use TenantDb of @lib/database.' }],
};

/** Wrong in Node 20 for letters beyond ASCII, once it is optimised. */
const CAN_PARSE = { object: 'URL', property: 'canParse', message: 'Use parseUrl of @lib/primitives.' };

/**
 * ESLint replaces a rule's options instead of merging them, so each combination of restrictions is built here.
 * @param {...{ properties: object[], imports: object[] }} restrictions
 */
const restricted = (...restrictions) => ({
  'no-restricted-properties': ['error', CAN_PARSE, ...restrictions.flatMap(({ properties }) => properties)],
  '@typescript-eslint/no-restricted-imports': [
    'error',
    { paths: restrictions.flatMap(({ imports }) => imports) },
  ],
});

/** ESLint's own rules for mistakes that the compiler does not report. */
const CORE_RULES = {
  eqeqeq: 'error',
  'no-async-promise-executor': 'error',
  'no-cond-assign': 'error',
  'no-constant-binary-expression': 'error',
  'no-control-regex': 'error',
  'no-debugger': 'error',
  'no-empty': 'error',
  'no-fallthrough': 'error',
  'no-irregular-whitespace': 'error',
  'no-loss-of-precision': 'error',
  'no-misleading-character-class': 'error',
  'no-prototype-builtins': 'error',
  'no-self-assign': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-optional-chaining': 'error',
  'no-useless-assignment': 'error',
  'no-useless-catch': 'error',
  'no-useless-escape': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'preserve-caught-error': 'error',
  'require-yield': 'error',
};

const HOUSE_STYLE = [
  {
    selector: 'TSEnumDeclaration',
    message: 'Use a const object or a string union: an enum is neither type nor value.',
  },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name: a name is found by search.' },
];

export default defineConfig(
  { ignores: ['**/dist/', '.data/', 'coverage/', '**/metadata.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    // One program for the whole tree: one per lib would load the dependencies' types fifteen times.
    languageOptions: { parserOptions: { project: 'tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...CORE_RULES,
      ...restricted(ENVIRONMENT, CONNECTION),
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...HOUSE_STYLE],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // Leaves files with decorators alone: Nest needs the classes of injected parameters at run time.
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // A Nest module is a class without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // `() => stop()` is how a callback that returns nothing is written.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Numbers, bigints and booleans read well in messages; objects, null and undefined stay forbidden.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Nest and Node declare option bags as classes.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // `call<Body>()` names what the caller expects of an answer.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // A method may be async only because its port promises so, or to turn a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: MAY_READ_ENVIRONMENT, rules: restricted(CONNECTION) },
  { files: MAY_CONNECT, rules: restricted(ENVIRONMENT) },
  {
    files: MAY_DO_BOTH,
    rules: { 'no-restricted-properties': 'off', '@typescript-eslint/no-restricted-imports': 'off' },
  },
  { files: ['apps/cli/**/*.ts', 'scripts/**'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*spec.ts', 'apps/api/src/*.contract.ts'],
    // In a spec a wrong `!` fails the test, which is what a spec is for.
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  // Jest calls the default export of these two.
  { files: ['libs/testing/src/global-*.ts'], rules: { 'no-restricted-syntax': ['error', HOUSE_STYLE[0]] } },
  { files: ['**/*.{js,mjs,cjs}'], extends: [tseslint.configs.base], rules: CORE_RULES },
);
