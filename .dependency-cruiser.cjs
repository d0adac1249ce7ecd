/**
 * Who may import whom. A lib that is not named here is a feature, held to the strictest rules, until someone
 * classifies it on purpose.
 */
const PLATFORM = ['config', 'database', 'time-series', 'queue', 'http', 'observability'];

/** Features that may use another feature besides `tenants`, which all may use. */
const FEATURE_EDGES = {
  ingestion: ['catalog'],
  campaigns: ['catalog'],
  attribution: ['campaigns', 'catalog', 'ingestion'],
};

const any = (names) => `(?:${names.join('|')})`;
const NOT_FEATURES = ['primitives', 'testing', ...PLATFORM];
const FEATURE = `(?!${any(NOT_FEATURES)}/)[^/]+`;
const SPEC = 'spec\\.ts$';
const TEST_CODE = ['(?:spec|bench|contract)\\.ts$', '^libs/testing/'];

const error = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

const featureEdges = Object.entries(FEATURE_EDGES).map(([feature, uses]) =>
  error(
    `feature-edges-${feature}`,
    `Among features ${feature} uses ${[...uses, 'tenants'].join(', ')} and nothing else.`,
    { path: `^libs/${feature}/` },
    { path: '^libs/', pathNot: `^libs/${any([...NOT_FEATURES, feature, ...uses, 'tenants'])}/` },
  ),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    error('no-cycles', 'A cycle has no first file to read.', {}, { circular: true }),
    error(
      'resolvable',
      'An import that resolves to nothing fails at start-up.',
      {},
      { couldNotResolve: true },
    ),
    error(
      'lib-index-only',
      'A lib is entered through its index.ts, so that everything behind it can change.',
      { path: '^(libs/[^/]+|apps/[^/]+|scripts)/' },
      { path: '^libs/', pathNot: ['^libs/[^/]+/src/index\\.ts$', '^$1/'] },
    ),
    error(
      'apps-apart',
      'Apps are separate processes: what two of them need belongs in a lib.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    error(
      'libs-below-apps',
      'Apps are put together from libs, never the other way round.',
      { path: '^libs/', pathNot: TEST_CODE },
      { path: '^apps/' },
    ),
    error(
      'testing-from-specs',
      'Test tools start servers and create tenants, which no running program may do by accident.',
      { path: '^(?:apps|libs|scripts)/', pathNot: TEST_CODE },
      { path: '^libs/testing/' },
    ),
    error(
      'no-dev-dependencies',
      'Development packages are not installed in production.',
      { path: '^(?:apps|libs)/', pathNot: TEST_CODE },
      { dependencyTypes: ['npm-dev'] },
    ),
    error(
      'primitives-alone',
      'Primitives are the words everyone shares, so they depend on nothing.',
      { path: '^libs/primitives/', pathNot: SPEC },
      { pathNot: '^libs/primitives/' },
    ),
    error(
      'platform-below-features',
      'Platform libs serve every feature and therefore know none.',
      { path: `^libs/${any(PLATFORM)}/` },
      { path: `^libs/${FEATURE}/` },
    ),
    error(
      'feature-edges',
      'Features use tenants and no other feature, unless FEATURE_EDGES says so.',
      { path: `^libs/(?!${any(Object.keys(FEATURE_EDGES))}/)(${FEATURE})/` },
      { path: '^libs/', pathNot: `^libs/(?:$1|tenants|${NOT_FEATURES.join('|')})/` },
    ),
    ...featureEdges,
    error(
      'domain-pure',
      'Domain rules are checked by properties alone: no framework, no package, no clock, no database; hashes of Node are pure.',
      { path: `^libs/(${FEATURE})/src/domain/`, pathNot: SPEC },
      {
        pathNot: ['^libs/$1/src/domain/', '^libs/primitives/src/index\\.ts$', '^(?:node:)?(?:crypto|zlib)$'],
      },
    ),
    error(
      'infrastructure-below-application',
      'Infrastructure answers questions about domain objects and does not know who asks.',
      { path: `^libs/(${FEATURE})/src/infrastructure/`, pathNot: SPEC },
      { path: '^libs/$1/', pathNot: '^libs/$1/src/(?:infrastructure|domain)/' },
    ),
    error(
      'application-below-http',
      'Use cases run in the worker too, where there is no HTTP.',
      { path: `^libs/(${FEATURE})/src/application/`, pathNot: SPEC },
      { path: '^libs/$1/', pathNot: '^libs/$1/src/(?:application|domain|infrastructure)/' },
    ),
    error(
      'http-through-application',
      'Controllers call use cases, so that every rule holds for callers that are not HTTP.',
      { path: `^libs/(${FEATURE})/src/http/`, pathNot: SPEC },
      { path: '^libs/$1/', pathNot: '^libs/$1/src/(?:http|application|domain)/' },
    ),
    error(
      'http-domain-types',
      'HTTP may describe domain objects but leaves deciding about them to the application.',
      { path: `^libs/(${FEATURE})/src/http/`, pathNot: SPEC },
      { path: '^libs/$1/src/domain/', dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(?:^|/)(?:dist|coverage)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['main', 'types'],
    },
  },
};
