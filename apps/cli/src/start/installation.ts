import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings, type Settings } from '@lib/config';
import { migrate } from '@lib/database';
import { VERSION } from '@lib/observability';
import type { CommandIo } from '../command-io.js';
import type { DemoNetwork } from '../demo/create-demo.js';
import { keepDemo } from '../demo/keep-demo.js';
import { namesOwnDatabase } from '../open-settings.js';
import { childEnvironment, type ChildName } from './child-environment.js';
import { ChildLog } from './child-log.js';
import { childService } from './child-service.js';
import { choosePlace, type Place } from './choose-place.js';
import { KeptService } from './kept-service.js';
import { postgresService, type PostgresService } from './postgres-service.js';
import type { BannerFacts } from './render-banner.js';
import { waitUntilReady } from './wait-until-ready.js';

export interface StartRequest {
  /** Where the embedded installation and the logs live. */
  data: string;
  /** Create the demo network; only on an embedded database. */
  demo: boolean;
  /** Migrate a database that is not embedded. The embedded one always is. */
  migrate: boolean;
}

/** The running product: PostgreSQL (where it is embedded), API and worker, started and stopped together. */
export class Installation {
  private readonly dataDir: string;
  private readonly logs: ChildLog[] = [];
  private readonly children: KeptService[] = [];
  private postgres: KeptService | undefined;
  private ending = false;
  private failed!: (reason: string) => void;
  /** Resolves when a part cannot be kept running, with the reason. */
  readonly gaveUp = new Promise<string>((resolve) => (this.failed = resolve));

  constructor(
    private readonly request: StartRequest,
    private readonly io: CommandIo,
  ) {
    this.dataDir = resolve(request.data);
  }

  /**
   * Starts everything and resolves when API and worker are ready.
   * @throws SettingsInvalid, CommandFailed and EmbeddedPostgresError for reasons that a person can remove
   * @throws the signal's reason when it aborts
   */
  async start(signal: AbortSignal): Promise<BannerFacts> {
    const place = await choosePlace(this.io.environment);
    signal.throwIfAborted();
    const embedded = namesOwnDatabase(this.io.environment) ? undefined : await this.startPostgres();
    signal.throwIfAborted();
    const settings = (): Settings =>
      readSettings({
        SPOOL_DIR: join(this.dataDir, 'spool'),
        ...withoutEmpty(this.io.environment),
        ...embedded?.database().environment,
        ...place.environment,
      });
    await this.migrate(settings(), embedded);
    signal.throwIfAborted();
    await this.startChildren(settings, signal);
    const wantsDemo = this.request.demo && embedded !== undefined;
    const [demo] = await Promise.all([
      wantsDemo ? this.createDemo(settings()) : undefined,
      waitUntilReady('api', place.apiOrigin, signal),
      waitUntilReady('worker', place.workerOrigin, signal),
    ]);
    return this.facts(place, embedded !== undefined, demo);
  }

  /** Stops everything in order: the children first, then the server that they use. */
  async stop(): Promise<void> {
    this.ending = true;
    await Promise.all(this.children.map((child) => child.stop()));
    await this.postgres?.stop();
    await Promise.all(this.logs.map((log) => log.close()));
  }

  /** Ends everything at once. PostgreSQL recovers at its next start, without loss. */
  async kill(): Promise<void> {
    await Promise.all(
      [...this.children, ...(this.postgres ? [this.postgres] : [])].map((part) => part.kill()),
    );
  }

  private async startPostgres(): Promise<PostgresService> {
    this.io.print('Starting PostgreSQL …');
    const service = postgresService(
      this.dataDir,
      (line) => this.io.print(`  ${line}`),
      () => void Promise.all(this.children.map((child) => child.restart())),
    );
    this.postgres = this.keep(service);
    await this.postgres.begin();
    return service;
  }

  private async migrate(settings: Settings, embedded: PostgresService | undefined): Promise<void> {
    if (embedded === undefined && !this.request.migrate) return;
    const url = embedded?.database().ownerUrl ?? settings.migrationDatabaseUrl ?? settings.databaseUrl;
    const { road, applied } = await migrate(url, { engine: settings.timeSeriesEngine });
    if (road !== 'none') this.io.print(`Applied the schema: ${applied.join(', ')}`);
  }

  private async startChildren(settings: () => Settings, signal: AbortSignal): Promise<void> {
    this.io.print('Starting API and worker …');
    for (const name of ['api', 'worker'] as const) {
      const log = new ChildLog(name, join(this.dataDir, 'logs', `${name}.log`), (line) => this.io.warn(line));
      this.logs.push(log);
      const child = this.keep(
        childService({
          name,
          log,
          entry: entryOf(name),
          environment: () => childEnvironment(name, this.io.environment, settings()),
        }),
      );
      this.children.push(child);
      await child.begin();
      // A child that began after the stop would not be stopped.
      signal.throwIfAborted();
    }
  }

  private keep(service: ConstructorParameters<typeof KeptService>[0]): KeptService {
    const kept = new KeptService(service, (line) => this.io.warn(line));
    void kept.gaveUp.then(this.failed);
    return kept;
  }

  /** Without its demo the installation still works, so a failure is told and no more. */
  private async createDemo(settings: Settings): Promise<DemoNetwork | undefined> {
    try {
      return await keepDemo(settings, this.dataDir, (line) => this.io.print(line));
    } catch (error) {
      if (!this.ending) this.io.warn(`The demo network could not be created: ${(error as Error).message}`);
      return undefined;
    }
  }

  private facts(place: Place, embedded: boolean, demo: DemoNetwork | undefined): BannerFacts {
    const dataDir = relative(process.cwd(), this.dataDir) || '.';
    return {
      version: VERSION,
      apiOrigin: place.apiOrigin,
      dataDir: dataDir.startsWith('..') ? this.dataDir : dataDir,
      embedded,
      demo,
    };
  }
}

/** An empty variable counts as absent, and must not hide a default. */
function withoutEmpty(environment: CommandIo['environment']): CommandIo['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim() !== ''));
}

function entryOf(name: ChildName): string {
  return fileURLToPath(new URL(`../../../${name}/src/main.js`, import.meta.url));
}
