import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { Installation, type StartRequest } from './installation.js';
import { renderBanner } from './render-banner.js';
import { listenForStop } from './stop-request.js';

const KILL_MS = 3_000;

/** `podcast start`: the whole product in one terminal. */
export function startCommand(io: CommandIo): Command {
  return new Command('start')
    .description('run everything: PostgreSQL (embedded), API and worker')
    .addOption(dataOption())
    .option('--no-demo', 'do not create the demo network at the first start')
    .option(
      '--migrate',
      'bring the database of DATABASE_URL to the newest schema first; the embedded one always is',
    )
    .addHelpText(
      'after',
      '\nWithout DATABASE_URL and POSTGRES_HOST a PostgreSQL server of its own keeps its data in --data. With one of them\n' +
        'nothing is embedded, and API_KEY_PEPPER and PRIVACY_MASTER_KEY have to be set as well.\n\n' +
        'PORT          the API, 8000\n' +
        'WORKER_PORT   health and metrics of the worker, 8001\n' +
        'BIND_ADDRESS  of both, 127.0.0.1 here; 0.0.0.0 lets other machines in\n' +
        'REDIS_URL     queues in Redis instead of PostgreSQL\n\n' +
        'A process that dies is started again; after five quick failures everything stops with its last lines.\n' +
        'Ctrl-C stops in order, a second Ctrl-C at once. Output of the processes: logs/ in the data directory.',
    )
    .action((options: Partial<StartRequest> & { data: string; demo: boolean }) =>
      runStart(io, { data: options.data, demo: options.demo, migrate: options.migrate === true }),
    );
}

async function runStart(io: CommandIo, request: StartRequest): Promise<void> {
  const installation = new Installation(request, io);
  const stop = listenForStop(io.environment, () => {
    io.warn('Stopping at once.');
    void Promise.race([installation.kill(), sleep(KILL_MS)]).finally(() => process.exit(130));
  });
  const stopped = new Promise<'stopped'>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve('stopped'), { once: true }),
  );
  const broken = installation.gaveUp.then((reason): never => {
    throw new CommandFailed(reason);
  });
  try {
    const facts = await Promise.race([installation.start(stop.signal), broken, stopped]);
    if (facts !== 'stopped') {
      io.print(renderBanner(facts));
      await Promise.race([stopped, broken]);
    }
    io.print('Stopping …');
  } finally {
    await installation.stop();
    stop.dispose();
  }
  io.print('Stopped.');
}
