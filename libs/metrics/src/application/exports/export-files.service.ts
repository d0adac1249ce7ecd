import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { readLink, signLink, type TenantPrincipal } from '@lib/http';
import type { TenantId } from '@lib/primitives';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ExportFormat } from '../../domain/exports/export-format.js';
import type { ExportRow } from '../../domain/exports/export-row.js';
import {
  askedTooOften,
  exportNotDone,
  exportNotFound,
  leadsNowhere,
} from '../../domain/exports/exports.errors.js';
import { readPiece } from '../../infrastructure/exports/export-pieces.sql.js';
import { exportedTable } from '../../infrastructure/exports/exported-tables.js';
import { findExport, findExportOfActive } from '../../infrastructure/exports/exports.sql.js';
import { requireRaw } from './export-question.js';

/** A file may be fetched again after a connection broke. More than this a minute is no person who fetches it. */
const FETCHES_A_MINUTE = 10;

/** A file on its way out. */
export interface OutgoingFile {
  readonly name: string;
  readonly format: ExportFormat;
  /** Null where it is not known before the end. */
  readonly length: number | null;
  /** Ends with an error when the file goes away meanwhile, so that no half of it is taken for the whole. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Where a finished file can be fetched without a key. */
export interface FileLink {
  /** A path on this server. */
  readonly url: string;
  readonly expiresAt: Date;
}

/** Hands out finished files. Opens its own transactions, one for each piece. */
@Injectable()
export class ExportFilesService {
  private readonly secret: string;
  private readonly fetches = new RateLimiterMemory({ points: FETCHES_A_MINUTE, duration: 60 });

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.secret = settings.apiKeyPepper;
  }

  /**
   * A link that holds as long as the file is kept, 24 hours at most.
   * @throws DomainError `export_not_found` (404), `forbidden` (403), `export_not_done` (409), `export_gone` (410)
   */
  async link(caller: TenantPrincipal, id: string): Promise<FileLink> {
    const { tenantId } = caller;
    const row = await this.db.run(tenantId, () => findExport(this.db.current.sql, tenantId, id), {
      readOnly: true,
    });
    if (row === undefined) throw exportNotFound();
    requireRaw(caller, exportedTable(row.table));
    if (row.state !== 'done' || row.expiresAt === null) throw exportNotDone(row.state);
    const expiresAtMs = Math.floor(row.expiresAt.getTime() / 1_000) * 1_000;
    const text = signLink(this.secret, 'export-file', { tenantId, id, expiresAtMs });
    return { url: `/v1/export-files/${text}`, expiresAt: new Date(expiresAtMs) };
  }

  /**
   * The file behind a link, while the tenant is not suspended.
   * @throws DomainError `export_link_invalid` (404), whatever is wrong with it; `rate_limited` (429)
   */
  async open(text: string): Promise<OutgoingFile> {
    const link = readLink(this.secret, 'export-file', text, Date.now());
    if (link === undefined) throw leadsNowhere();
    const { tenantId, id } = link;
    const row = await this.db.run(tenantId, () => findExportOfActive(this.db.current.sql, tenantId, id), {
      readOnly: true,
    });
    if (row?.state !== 'done') throw leadsNowhere();
    await this.limit(id);
    const { table, format, bytes: length } = row;
    return { name: `${table}-${id}`, format, length, bytes: this.pieces(tenantId, row) };
  }

  private async *pieces(tenantId: TenantId, { id, pieces }: ExportRow): AsyncGenerator<Uint8Array> {
    for (let piece = 0; piece < pieces; piece += 1) {
      const bytes = await this.db.run(tenantId, () => readPiece(this.db.current.sql, tenantId, id, piece), {
        readOnly: true,
      });
      if (bytes === undefined) throw new Error(`export ${id} was removed while it was fetched`);
      yield bytes;
    }
  }

  private async limit(id: string): Promise<void> {
    try {
      await this.fetches.consume(id);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      throw askedTooOften(`A file can be fetched ${FETCHES_A_MINUTE} times a minute.`, refusal.msBeforeNext);
    }
  }
}
