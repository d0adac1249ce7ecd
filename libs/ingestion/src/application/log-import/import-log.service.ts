import { Inject, Injectable } from '@nestjs/common';
import { APP_POOL, RolePool, tenantContext } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import { backfillHorizon, EnsurePartitions } from '@lib/time-series';
import { NO_LINES } from '../../domain/access-log/line-tally.js';
import { locateEpisodes, type EpisodeLocator } from '../../domain/access-log/locate-episodes.js';
import { requireLogFormat } from '../../domain/access-log/log-formats.js';
import { episodeFiles } from '../../infrastructure/episode-files.sql.js';
import { findImportFile } from '../../infrastructure/import-files.sql.js';
import { readLogLines, type FileLine } from '../../infrastructure/read-log-lines.js';
import { EventStore } from '../commit-events.js';
import { KnownTexts } from '../known-texts.js';
import { ListenerKeys } from '../listener-keys.js';
import { ClientReader } from '../client-reader.js';
import { FileImport, type FileImportTools } from './file-import.js';
import { ImportDays } from './import-days.js';
import type { LogFile, LogImportOptions, LogImportReport } from './log-import.js';
import { logDamaged, noEpisodeMatches } from './log-import.errors.js';
import { LogReader, type LogTimes } from './log-reader.js';

/** Lines that are looked at before anything is stored. */
const SAMPLE_LINES = 1_000;
/** Partitions are not made further back. */
const MAX_AGE_MS = 10 * 365 * DAY_MS;

/**
 * Brings access logs in: requests with the bytes that were served, evidence `origin_bytes`.
 *
 * Each batch of lines is stored in one transaction with how far the file is, so that an import that was killed goes on
 * where it was, without a request lost or doubled. Requests have identities of their own: the same file again, or the
 * same request in another file, changes nothing but the number of duplicates.
 */
@Injectable()
export class LogImportService {
  private readonly tools: FileImportTools;

  constructor(
    keys: ListenerKeys,
    private readonly clients: ClientReader,
    private readonly partitions: EnsurePartitions,
    @Inject(APP_POOL) private readonly pool: RolePool,
  ) {
    const store = new EventStore(pool, 'backfill');
    this.tools = { pool, store, keys, texts: new KnownTexts() };
  }

  /**
   * Imports a file, or goes on with it. `onProgress` is told how many lines are stored.
   * @throws DomainError `log_format_unknown`, `log_format_invalid`, `no_episode_matches`, `import_day_closed`,
   *   `import_running`, `log_damaged`
   */
  async importFile(
    tenantId: TenantId,
    file: LogFile,
    options: LogImportOptions,
    onProgress: (lines: number) => void = () => undefined,
  ): Promise<LogImportReport> {
    const known = await this.transaction(tenantId, (sql) => findImportFile(sql, tenantId, file.sha256));
    const isSame = known !== undefined && (!options.replace || (known.replaces && known.finishedAt === null));
    if (isSame && known.finishedAt !== null) return { ...known, wasImported: true, resumedFrom: 0 };
    const begun = isSame ? known : undefined;
    const lines = readLogLines(file.read());
    const sample = await firstLines(lines, SAMPLE_LINES);
    const texts = sample.map(({ text }) => text).filter((text) => text !== null);
    const format = begun?.format ?? options.format ?? requireLogFormat(texts);
    const source = begun?.source ?? options.source;
    const locate = await this.locator(tenantId, options);
    const times = await this.times(tenantId);
    if (begun === undefined && !options.evenWithoutEpisodes)
      requireEpisodes(texts, new LogReader(format, source, times), locate, options);
    const started = {
      sha256: file.sha256,
      name: file.name,
      format,
      source,
      replaces: begun?.replaces ?? options.replace,
    };
    const days = new ImportDays(this.pool, this.partitions, tenantId, started, begun?.importId ?? null);
    const run = new FileImport(this.tools, {
      tenantId,
      file: started,
      days,
      reader: new LogReader(format, source, times),
      hosts: options.hosts,
      locate,
      readClient: await this.clients.forTenant(tenantId),
      stored: begun ?? NO_LINES,
    });
    await storeLines(run, sample, lines, onProgress);
    return {
      ...run.tally,
      importId: await days.ownImport(),
      format,
      wasImported: false,
      resumedFrom: begun?.lines ?? 0,
    };
  }

  private async locator(tenantId: TenantId, { hosts }: LogImportOptions): Promise<EpisodeLocator> {
    return locateEpisodes(await this.transaction(tenantId, (sql) => episodeFiles(sql, tenantId)), hosts);
  }

  /** Days whose raw requests were removed are frozen: nothing can join them. */
  private async times(tenantId: TenantId): Promise<LogTimes> {
    const horizon = await this.transaction(tenantId, (sql) => backfillHorizon(sql, tenantId));
    const nowMs = Date.now();
    return { nowMs, fromMs: Math.max(horizon?.from.getTime() ?? 0, nowMs - MAX_AGE_MS) };
  }

  private transaction<T>(
    tenantId: TenantId,
    work: Parameters<typeof this.pool.transaction<T>>[0],
  ): Promise<T> {
    return this.pool.transaction(work, tenantContext(tenantId));
  }
}

async function firstLines(lines: AsyncGenerator<FileLine[]>, count: number): Promise<FileLine[]> {
  const first: FileLine[] = [];
  while (first.length < count) {
    const next = await lines.next().catch((error: unknown) => {
      throw isDamage(error) ? logDamaged(0) : error;
    });
    if (next.done === true) break;
    first.push(...next.value);
  }
  return first;
}

function requireEpisodes(
  texts: readonly string[],
  reader: LogReader,
  locate: EpisodeLocator,
  { hosts }: LogImportOptions,
): void {
  const requests = texts
    .map((text) => reader.read(text))
    .filter((read) => typeof read === 'object' && read !== null)
    .map(({ request }) => request);
  if (requests.length === 0 || requests.some((request) => locate(request) !== undefined)) return;
  const named = new Set(requests.map(({ host }) => host ?? hosts.missing).filter((host) => host !== null));
  throw noEpisodeMatches([...named].slice(0, 5));
}

async function storeLines(
  run: FileImport,
  sample: readonly FileLine[],
  rest: AsyncGenerator<FileLine[]>,
  onProgress: (lines: number) => void,
): Promise<void> {
  try {
    await run.add(sample);
    for (;;) {
      const next = await nextLines(rest, run);
      if (next === undefined) break;
      await run.add(next);
      onProgress(run.tally.lines);
    }
    await run.finish(true);
  } finally {
    await rest.return(undefined);
    await run.settle();
  }
  onProgress(run.tally.lines);
}

/** @throws DomainError `log_damaged` once what came before the damage is stored */
async function nextLines(
  lines: AsyncGenerator<FileLine[]>,
  run: FileImport,
): Promise<FileLine[] | undefined> {
  try {
    const next = await lines.next();
    return next.done === true ? undefined : next.value;
  } catch (error) {
    if (!isDamage(error)) throw error;
    await run.finish(false);
    throw logDamaged(run.tally.lines);
  }
}

/** Codes of zlib. */
function isDamage(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && /^Z_/.test(String(error.code));
}
