import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { rangeEmpty } from '../domain/catalog.errors.js';
import {
  listAnnotations,
  type AnnotationFilter,
  type AnnotationRow,
} from '../infrastructure/annotations.sql.js';

/** What explains changes in the current tenant's numbers. Every method needs an open `TenantDb.run`. */
@Injectable()
export class AnnotationsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /**
   * A page of the annotations of `[from, to)`, newest first. With a podcast: its own and those that concern all.
   * @throws DomainError `invalid_range`, `invalid_cursor` (400)
   */
  async list(filter: AnnotationFilter, request: PageRequest): Promise<Page<AnnotationRow>> {
    const { from, to, podcastId } = filter;
    if (from !== null && to !== null && from >= to) throw rangeEmpty();
    const { sql, tenantId } = this.db.current;
    const list = `annotations ${from?.toISOString()} ${to?.toISOString()} ${podcastId?.toLowerCase()}`;
    return readPage(this.cursors, tenantId, list, request, (count, after) =>
      listAnnotations(sql, tenantId, filter, count, after),
    );
  }
}
