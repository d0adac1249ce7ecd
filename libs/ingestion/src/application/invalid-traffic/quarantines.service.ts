import { Injectable } from '@nestjs/common';
import { TenantDb } from '@lib/database';
import { DomainError } from '@lib/primitives';
import {
  decideQuarantine,
  listQuarantines,
  type QuarantineRow,
} from '../../infrastructure/quarantines.sql.js';

/** What the detectors found, and what people decided about it. Needs an open `TenantDb.run`. */
@Injectable()
export class QuarantinesService {
  constructor(private readonly db: TenantDb) {}

  list(state: QuarantineRow['state'] | null): Promise<QuarantineRow[]> {
    const { sql, tenantId } = this.db.current;
    return listQuarantines(sql, tenantId, state);
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
