import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError, type TenantId } from '@lib/primitives';

/**
 * Opaque, signed keyset cursors. A cursor holds its tenant and the route it belongs to: one that was changed, or that
 * comes from elsewhere, is refused.
 */
export class CursorCodec {
  constructor(private readonly secret: string) {}

  /** `route` names the list; `position` is the sort key of the last row returned. */
  encode(tenantId: TenantId, route: string, position: readonly (string | number | null)[]): string {
    const body = Buffer.from(JSON.stringify([route, ...position])).toString('base64url');
    return `${body}.${this.sign(tenantId, body)}`;
  }

  /** @throws DomainError `invalid_cursor` (400, field `cursor`). */
  decode(tenantId: TenantId, route: string, cursor: string): (string | number | null)[] {
    const [body = '', signature = ''] = cursor.split('.', 2);
    const expected = Buffer.from(this.sign(tenantId, body));
    const given = Buffer.from(signature);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw invalid();
    const [owner, ...position] = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as (
      string | number | null
    )[];
    if (owner !== route) throw invalid();
    return position;
  }

  private sign(tenantId: TenantId, body: string): string {
    return createHmac('sha256', `cursor:${this.secret}`)
      .update(`${tenantId}.${body}`)
      .digest('base64url')
      .slice(0, 22);
  }
}

function invalid(): DomainError {
  return new DomainError('invalid_cursor', 400, 'The cursor was changed or belongs to another list.', {
    field: 'cursor',
  });
}
