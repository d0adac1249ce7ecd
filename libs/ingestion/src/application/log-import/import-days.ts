import { randomUUID } from 'node:crypto';
import { tenantContext, type RolePool, type Sql } from '@lib/database';
import { DAY_MS, utcDate, type TenantId } from '@lib/primitives';
import { moveWatermark, type EnsurePartitions } from '@lib/time-series';
import { clearDuplicateDeliveries } from '../../infrastructure/duplicate-deliveries.sql.js';
import {
  dayOwners,
  dropDayOwner,
  lockImportDays,
  ownersOfFile,
  setDayOwner,
  type DayOwner,
} from '../../infrastructure/import-days.sql.js';
import { insertImportFile, type NewImportFile } from '../../infrastructure/import-files.sql.js';
import {
  addImportDay,
  closeImports,
  keepImportKeys,
  openImport,
  retireImport,
} from '../../infrastructure/imports.sql.js';
import { unkeyDay } from './unkey-day.js';
import { importDayClosed } from './log-import.errors.js';
import { INSUFFICIENT_PRIVILEGE, sqlState } from './sql-state.js';

/** A file that is being imported; its import is known from its first day on. */
export type StartedFile = Omit<NewImportFile, 'importId'>;

/**
 * Decides under which import's keys the requests of each UTC day are hashed, so that no listener of a day has two ids.
 *
 * A day belongs to the import that first brought requests of it. A new day goes to the import of the day before or after
 * while its keys live, because rolling windows reach over midnight; else to the file's own import. Once its key is
 * destroyed, 48 hours after the last file, no request can join a day any more: it is refused, or replaced as a whole.
 *
 * Answers about listeners follow from which days have keys of their own, whether or not a request of them counts: so every
 * change of that moves the watermark.
 */
export class ImportDays {
  private readonly owners = new Map<string, string>();

  constructor(
    private readonly pool: RolePool,
    private readonly partitions: EnsurePartitions,
    private readonly tenantId: TenantId,
    private readonly file: StartedFile,
    private importId: string | null,
  ) {}

  /** The import that the file belongs to. Made, with the file, by the first who asks. */
  async ownImport(): Promise<string> {
    return this.importId ?? this.transaction((sql) => this.startFile(sql, randomUUID()));
  }

  /**
   * The import whose keys hash the requests of a day. Partitions are ready for them afterwards.
   * @throws DomainError `import_day_closed`
   */
  async ownerOf(atMs: number): Promise<string> {
    const day = utcDate(new Date(atMs));
    const known = this.owners.get(day);
    if (known !== undefined) return known;
    const start = Math.floor(atMs / DAY_MS) * DAY_MS;
    await this.preparePartition(start);
    if (this.file.replaces) await this.replaceOwner(day, start);
    const owner = await this.transaction(async (sql) => {
      const found = await this.findOwner(sql, day, start);
      const importId = this.importId ?? (await this.startFile(sql, found ?? randomUUID()));
      const owner = found ?? importId;
      await openImport(sql, this.tenantId, owner, this.file.source);
      await setDayOwner(sql, this.tenantId, { importId, sha256: this.file.sha256 }, day, owner);
      await addImportDay(sql, this.tenantId, owner, day);
      await moveWatermark(sql, this.tenantId);
      return owner;
    });
    this.owners.set(day, owner);
    return owner;
  }

  /** Lets the keys in use live for 48 more hours. */
  async keepKeys(): Promise<void> {
    await this.transaction((sql) => this.keep(sql));
  }

  /**
   * Closes the imports of the file's days, in the transaction that stores its last line, so that no kill comes between:
   * their keys are destroyed 48 hours from now.
   */
  async close(sql: Sql): Promise<void> {
    const owners = await this.keep(sql);
    await closeImports(sql, this.tenantId, [...owners]);
  }

  /** Of all days of the file, those that attempts before this one brought included. Returns its imports. */
  private async keep(sql: Sql): Promise<ReadonlySet<string>> {
    const { importId } = this;
    if (importId === null) return new Set();
    const owners = await ownersOfFile(sql, this.tenantId, { importId, sha256: this.file.sha256 });
    const all = new Set(owners.values());
    for (const owner of all) {
      const days = [...owners].filter(([, each]) => each === owner).map(([day]) => day);
      await keepImportKeys(sql, this.tenantId, owner, days);
    }
    return all.add(importId);
  }

  private async findOwner(sql: Sql, day: string, start: number): Promise<string | undefined> {
    await lockImportDays(sql, this.tenantId);
    const [before, after] = [start - DAY_MS, start + DAY_MS].map((ms) => utcDate(new Date(ms)));
    const owners = await dayOwners(sql, this.tenantId, [day, before ?? '', after ?? '']);
    const own = owners.get(day);
    if (own && !own.isAlive) throw importDayClosed(day);
    // What replaces others must not join them: their keys may end before the day does.
    if (own || this.file.replaces) return own?.importId;
    const neighbour = [before, after].map((each) => owners.get(each ?? '')).find((each) => each?.isAlive);
    return neighbour?.importId;
  }

  private async startFile(sql: Sql, importId: string): Promise<string> {
    await openImport(sql, this.tenantId, importId, this.file.source);
    await insertImportFile(sql, this.tenantId, { ...this.file, importId });
    this.importId = importId;
    return importId;
  }

  /** A process without that right, such as the API beside a worker, takes the days that were prepared for it. */
  private async preparePartition(start: number): Promise<void> {
    try {
      await this.partitions.cover(new Date(start), new Date(start + DAY_MS));
    } catch (error) {
      if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    }
  }

  /** Takes a day from the import that has it: its requests lose their listeners and count no more until they come again. */
  private async replaceOwner(day: string, start: number): Promise<void> {
    const importId = await this.ownImport();
    const owner = await this.transaction((sql) => this.currentOwner(sql, day));
    if (owner === undefined || owner.importId === importId) return;
    await unkeyDay(this.pool, this.tenantId, new Date(start));
    await this.transaction(async (sql) => {
      await lockImportDays(sql, this.tenantId);
      await dropDayOwner(sql, this.tenantId, day);
      await clearDuplicateDeliveries(sql, this.tenantId, day);
      await retireImport(sql, this.tenantId, owner.importId);
      await moveWatermark(sql, this.tenantId);
    });
  }

  private async currentOwner(sql: Sql, day: string): Promise<DayOwner | undefined> {
    return (await dayOwners(sql, this.tenantId, [day])).get(day);
  }

  private transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return this.pool.transaction(work, tenantContext(this.tenantId));
  }
}
