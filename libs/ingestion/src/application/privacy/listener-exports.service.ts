import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { readLink, signLink } from '@lib/http';
import { DAY_MS, DomainError, type TenantId } from '@lib/primitives';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { PrivacyRequest } from '../../domain/privacy/privacy-request.js';
import { isActiveTenant } from '../../infrastructure/active-tenant.sql.js';
import { exportListener } from './export-listener.js';
import { fetchableUntilMs, PrivacyRequestsService } from './privacy-requests.service.js';

const LINK_MS = DAY_MS;
/** An export reads every day of a listener. More than this a minute is no person who fetches it. */
const FETCHES_A_MINUTE = 10;

/** An export on its way out, as pieces of one JSON text. */
export interface ListenerExport {
  readonly requestId: string;
  readonly json: AsyncIterable<string>;
}

/** Where a person without a key can fetch an export. */
export interface ExportAddress {
  readonly exportUrl: string;
  readonly exportUrlExpiresAt: Date;
}

/** Hands out what is stored of a listener, to keys of the tenant and to holders of a signed link. Opens its own transactions. */
@Injectable()
export class ListenerExportsService {
  private readonly secret: string;
  private readonly fetches = new RateLimiterMemory({ points: FETCHES_A_MINUTE, duration: 60 });

  constructor(
    private readonly db: TenantDb,
    private readonly requests: PrivacyRequestsService,
    settings: Settings,
  ) {
    this.secret = settings.apiKeyPepper;
  }

  /** A link that holds for 24 hours from now, and never longer than the export. Null where there is nothing to fetch. */
  addressOf(tenantId: TenantId, { id, kind, doneAt }: PrivacyRequest): ExportAddress | null {
    if (kind !== 'export' || doneAt === null) return null;
    const untilMs = Math.min(Date.now() + LINK_MS, fetchableUntilMs(doneAt));
    if (untilMs <= Date.now()) return null;
    const expiresAtMs = Math.floor(untilMs / 1_000) * 1_000;
    const link = signLink(this.secret, 'export-link', { tenantId, id, expiresAtMs });
    return { exportUrl: `/v1/listener-exports/${link}`, exportUrlExpiresAt: new Date(expiresAtMs) };
  }

  /**
   * For a key of the tenant.
   * @throws DomainError `privacy_request_not_found` (404), `export_not_ready` (409), `export_expired` (410), `rate_limited` (429)
   */
  async open(tenantId: TenantId, id: string): Promise<ListenerExport> {
    const request = await this.db.run(tenantId, () => this.requests.fetchable(id), { readOnly: true });
    return this.hand(tenantId, request);
  }

  /**
   * For whoever holds a link, while the tenant is not suspended.
   * @throws DomainError `export_link_invalid` (404), whatever is wrong with it; `rate_limited` (429)
   */
  async openLink(text: string): Promise<ListenerExport> {
    const link = readLink(this.secret, 'export-link', text, Date.now());
    if (link === undefined) throw leadsNowhere();
    const request = await this.db.run(link.tenantId, () => this.linked(link.id), { readOnly: true });
    return this.hand(link.tenantId, request);
  }

  private async linked(id: string): Promise<PrivacyRequest> {
    const { sql, tenantId } = this.db.current;
    if (!(await isActiveTenant(sql, tenantId))) throw leadsNowhere();
    try {
      return await this.requests.fetchable(id);
    } catch (error) {
      throw error instanceof DomainError ? leadsNowhere() : error;
    }
  }

  private async hand(tenantId: TenantId, request: PrivacyRequest): Promise<ListenerExport> {
    try {
      await this.fetches.consume(request.id);
    } catch (refusal) {
      throw refusal instanceof RateLimiterRes ? tooOften(refusal.msBeforeNext) : refusal;
    }
    return { requestId: request.id, json: exportListener(this.db, tenantId, request) };
  }
}

/** One answer for every link that does not work: nobody learns by trying what there is. */
function leadsNowhere(): DomainError {
  return new DomainError('export_link_invalid', 404, 'This link leads nowhere, or no longer.');
}

function tooOften(msBeforeNext: number): DomainError {
  return new DomainError(
    'rate_limited',
    429,
    `An export can be fetched ${FETCHES_A_MINUTE} times a minute.`,
    { retryAfterSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)) },
  );
}
