import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DomainError } from '@lib/primitives';
import type { AlertState } from '../../domain/anomalies/alert-states.js';
import { acknowledgeAlert, listAlerts, type AlertRow } from '../../infrastructure/anomalies/alerts.sql.js';

export interface AlertsQuestion extends PageRequest {
  state?: AlertState | undefined;
  podcastId?: string | undefined;
}

/** What was found to be unusual, and that people have seen it. Needs an open `TenantDb.run`. */
@Injectable()
export class AlertsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /**
   * A page of the alerts, of one state or podcast or of all, the last found first.
   * @throws DomainError `invalid_cursor` (400)
   */
  list({ state, podcastId, ...page }: AlertsQuestion): Promise<Page<AlertRow>> {
    const { sql, tenantId } = this.db.current;
    const list = `alerts ${state ?? 'all'} ${podcastId?.toLowerCase() ?? 'all'}`;
    const filter = { state: state ?? null, podcastId: podcastId ?? null };
    return readPage(this.cursors, tenantId, list, page, (limit, after) =>
      listAlerts(sql, tenantId, filter, limit, after),
    );
  }

  /** @throws DomainError `alert_not_found` (404) */
  async acknowledge(id: string, by: string, note: string | null): Promise<AlertRow> {
    const { sql, tenantId } = this.db.current;
    const alert = await acknowledgeAlert(sql, tenantId, id, by, note);
    if (alert === undefined) throw new DomainError('alert_not_found', 404, 'There is no alert with that id.');
    return alert;
  }
}
