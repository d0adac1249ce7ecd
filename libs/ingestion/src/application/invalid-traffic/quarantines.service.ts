import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DomainError } from '@lib/primitives';
import {
  decideQuarantine,
  listQuarantines,
  type QuarantineRow,
} from '../../infrastructure/quarantines.sql.js';

/** What the detectors found, and what people decided about it. Needs an open `TenantDb.run`. */
@Injectable()
export class QuarantinesService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /**
   * A page of the findings, or of those in one state, the youngest day first and of one day those with most downloads.
   * @throws DomainError `invalid_cursor` (400)
   */
  list(state: QuarantineRow['state'] | null, request: PageRequest): Promise<Page<QuarantineRow>> {
    const { sql, tenantId } = this.db.current;
    const list = `quarantines ${state ?? 'all'}`;
    return readPage(this.cursors, tenantId, list, request, (limit, after) =>
      listQuarantines(sql, tenantId, state, limit, after),
    );
  }

  /**
   * A decision changes no number. Addresses that are confirmed can be named by a rule set, and a recount leaves them out.
   * @throws DomainError `quarantine_not_found` (404)
   */
  async decide(
    id: string,
    decision: { state: QuarantineRow['state']; by: string; note: string | null },
  ): Promise<QuarantineRow> {
    const { sql, tenantId } = this.db.current;
    const decided = await decideQuarantine(sql, tenantId, id, decision);
    if (decided === undefined)
      throw new DomainError('quarantine_not_found', 404, 'There is no finding with that id.');
    return decided;
  }
}
