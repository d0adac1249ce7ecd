import type { DrillPostgres } from './drill-postgres.js';
import type { FaultKind } from './fault-schedule.js';
import type { KeptProcess } from './kept-process.js';
import type { SeededRandom } from './seeded-random.js';

/** Everything that can be killed. */
export interface Victims {
  readonly apis: readonly KeptProcess[];
  readonly workers: readonly KeptProcess[];
  readonly redis: KeptProcess | undefined;
  readonly postgres: DrillPostgres;
}

/** Does it, and resolves when what was killed is being started again; PostgreSQL then accepts connections. */
export async function injectFault(kind: FaultKind, victims: Victims, random: SeededRandom): Promise<void> {
  switch (kind) {
    case 'kill api 0':
      return victims.apis[0]?.kill();
    case 'kill api 1':
      return victims.apis[1]?.kill();
    case 'kill worker 0':
      return victims.workers[0]?.kill();
    case 'kill worker 1':
      return victims.workers[1]?.kill();
    case 'kill redis':
      return victims.redis?.kill();
    case 'kill postgres':
      return victims.postgres.kill();
    case 'kill one backend':
      return victims.postgres.killOneBackend(random);
    case 'terminate backends':
      return victims.postgres.terminateBackends();
  }
}
