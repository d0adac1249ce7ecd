import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { CursorCodec, readPage, type Page, type PageRequest } from '@lib/http';
import { DAY_MS, DomainError, floorTime } from '@lib/primitives';
import { appendMark } from '@lib/time-series';
import {
  newReport,
  type PrivacyRequest,
  type PrivacyRequestKind,
} from '../../domain/privacy/privacy-request.js';
import {
  findPrivacyRequest,
  insertPrivacyRequest,
  listPrivacyRequests,
} from '../../infrastructure/privacy-requests.sql.js';
import { ListenerKeys } from '../listener-keys.js';
import { findListener, type FoundListener } from './find-listener.js';

/** Who is meant: an address and a user agent as requests bring them, or ids that an export has shown. */
export type Subject =
  { readonly address: string; readonly userAgent: string } | { readonly listenerIds: readonly string[] };

/** How long an export can be fetched, since whoever fetches it reads what a listener did. */
const EXPORT_DAYS = 30;

/**
 * What listeners ask for: to be forgotten, or to see what is stored. A worker does the work; see `AnswerPrivacyRequests`.
 *
 * Address and agent become keyed ids at once and are kept nowhere. Needs an open `TenantDb.run`.
 */
@Injectable()
export class PrivacyRequestsService {
  private readonly cursors: CursorCodec;

  constructor(
    private readonly db: TenantDb,
    private readonly keys: ListenerKeys,
    settings: Settings,
  ) {
    this.cursors = new CursorCodec(settings.apiKeyPepper);
  }

  /** A page, the youngest first. @throws DomainError `invalid_cursor` (400) */
  list(request: PageRequest): Promise<Page<PrivacyRequest>> {
    const { sql, tenantId } = this.db.current;
    return readPage(this.cursors, tenantId, 'privacy-requests', request, (limit, after) =>
      listPrivacyRequests(sql, tenantId, limit, after),
    );
  }

  /** @throws DomainError `privacy_request_not_found` (404) */
  async find(id: string): Promise<PrivacyRequest> {
    const { sql, tenantId } = this.db.current;
    const found = await findPrivacyRequest(sql, tenantId, id);
    if (found === undefined)
      throw new DomainError('privacy_request_not_found', 404, 'There is no privacy request with that id.');
    return found;
  }

  /**
   * Enters a request into the ledger. It is about everything up to now: what the listener does later is not touched.
   * @throws DomainError `invalid_subject` (400)
   */
  async request(kind: PrivacyRequestKind, subject: Subject, by: string): Promise<PrivacyRequest> {
    const { sql, tenantId } = this.db.current;
    const { listenerIds, foundFrom } = await this.resolve(kind, subject);
    const id = randomUUID();
    const report = newReport(foundFrom);
    await insertPrivacyRequest(sql, tenantId, { id, kind, listenerIds, requestedBy: by, report });
    await appendMark(sql, tenantId, 'privacy', floorTime(new Date(), DAY_MS), null);
    return this.find(id);
  }

  /** An export that can be fetched. @throws DomainError `privacy_request_not_found` (404), `export_not_ready` (409), `export_expired` (410) */
  async fetchable(id: string): Promise<PrivacyRequest> {
    const request = await this.find(id);
    if (request.kind !== 'export')
      throw new DomainError(
        'privacy_request_not_found',
        404,
        'There is no export with that id: it is an erasure.',
      );
    if (request.doneAt === null)
      throw new DomainError('export_not_ready', 409, 'The export is being prepared. Ask again in a minute.');
    if (fetchableUntilMs(request.doneAt) < Date.now())
      throw new DomainError(
        'export_expired',
        410,
        `An export can be fetched for ${EXPORT_DAYS} days. Ask for a new one.`,
      );
    return request;
  }

  private async resolve(kind: PrivacyRequestKind, subject: Subject): Promise<FoundListener> {
    if ('listenerIds' in subject) return { listenerIds: requireIds(subject.listenerIds), foundFrom: null };
    const { sql, tenantId } = this.db.current;
    const keys = await this.keys.live(sql, tenantId);
    const found = findListener(keys, kind, subject.address, subject.userAgent);
    // Not echoed: what is no address may be one with a slip of the pen.
    if (found === undefined)
      throw new DomainError('invalid_subject', 400, 'subject.address must be an IPv4 or IPv6 address.', {
        field: 'subject.address',
      });
    return found;
  }
}

/** Until when an export that was done then can be fetched, UTC milliseconds since 1970. */
export function fetchableUntilMs(doneAt: Date): number {
  return doneAt.getTime() + EXPORT_DAYS * DAY_MS;
}

/** The column holds 64 bits. */
function requireIds(ids: readonly string[]): readonly string[] {
  if (ids.every((id) => BigInt.asIntN(64, BigInt(id)) === BigInt(id))) return ids;
  throw new DomainError('invalid_subject', 400, 'subject.listenerIds must be ids of 64 bits.', {
    field: 'subject.listenerIds',
  });
}
