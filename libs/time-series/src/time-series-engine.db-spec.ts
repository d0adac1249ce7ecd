import { connectTestDatabase, createTestDatabase, hasOwnAggregates, testEngine } from '@lib/testing';
import { EngineInForce } from './engine-in-force.js';
import { EngineStage } from './engine-stage.contract.js';
import { engineContract } from './time-series-engine.contract.js';

const name = testEngine();
if (name !== 'partitions' && name !== 'timescale' && name !== 'citus')
  throw new Error(`there is no adapter for ${name}`);

engineContract(name === 'timescale' && !hasOwnAggregates() ? 'timescale, Apache edition' : name, async () => {
  const database = await createTestDatabase();
  const connections = connectTestDatabase(database);
  const engine = await new EngineInForce(connections.settings, connections.maintenance).get();
  return new EngineStage(engine, database, connections);
});
