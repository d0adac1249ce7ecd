import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { listImports, type ImportSummary } from '../../infrastructure/list-imports.sql.js';

export type { ImportSummary } from '../../infrastructure/list-imports.sql.js';

const SHOWN = 100;

/** What the current tenant has imported. Needs an open `TenantDb.run`. */
@Injectable()
export class ImportsService {
  constructor(private readonly db: TenantDb) {}

  /** The last hundred imports, the youngest first. */
  list(): Promise<ImportSummary[]> {
    const { sql, tenantId } = this.db.current;
    return listImports(sql, tenantId, SHOWN);
  }
}
