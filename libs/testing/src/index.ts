/** Real servers, databases, tenants and a booted API for specs. Only specs and drills import it. */
export { buildProgram, type BuiltProgram, type StartedProcess } from './built-program.js';
export { connectTestDatabase, type TestConnections } from './test-connections.js';
export { canaryRows, canaryTenant, seedEveryTable, type CanaryTenant } from './canary-rows.js';
export { DatabaseProxy } from './database-proxy.js';
export { KillStage, outcomeOf, type StageNumbers, type StageTenant } from './kill-stage.js';
export { SeededRandom } from './drill/seeded-random.js';
export { freePort, type TestServers } from './servers.js';
export { startTestApi, type Answer, type TestApi } from './test-api.js';
export {
  createTestDatabase,
  hasOwnAggregates,
  rawTable,
  testEngine,
  testServers,
  testSettings,
  type TestDatabase,
} from './test-database.js';
export { createTestRuleSet, showTestDownloads, type TestDownloads } from './test-downloads.js';
export { testUrl } from './test-postgres.js';
export { showTestDays, storeTestListening, testAudienceIds, type TestListening } from './test-listening.js';
export { createTestNetwork, type TestNetwork } from './test-network.js';
export { createTestTenant, fillTestTenant, type TestTenant } from './test-tenant.js';
export {
  dumpAsText,
  filesAsText,
  redisAsText,
  search,
  tablesAsText,
  type Place,
} from './search-everywhere.js';
export { untilWithin } from './until-within.js';
