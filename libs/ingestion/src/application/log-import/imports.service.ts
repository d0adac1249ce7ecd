import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { listImports, type ImportSummary } from '../../infrastructure/list-imports.sql.js';

export type { ImportSummary } from '../../infrastructure/list-imports.sql.js';

/** What the current tenant has imported. Needs an open `TenantDb.run`. */
@Injectable()
export class ImportsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** A page, the youngest first. @throws DomainError `invalid_cursor` (400) */
  list(request: PageRequest): Promise<Page<ImportSummary>> {
    const { sql, tenantId } = this.db.current;
    return readPage(this.cursors, tenantId, 'imports', request, (limit, after) =>
      listImports(sql, tenantId, limit, after),
    );
  }
}
