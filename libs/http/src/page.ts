import type { TenantId } from '@lib/primitives';
import type { CursorCodec } from './cursor.js';

/** Where a list goes on: the sort key of the last row, in full precision. */
export interface ListPosition {
  sortKey: string;
  id: string;
}

/** Which part of a list is wanted. */
export interface PageRequest {
  /** At least 1. */
  limit: number;
  /** The `next` of the page before. */
  cursor?: string | undefined;
}

/** A part of a list. `next` is null on the last page. */
export interface Page<Item> {
  items: Item[];
  next: string | null;
}

/** Before every row of a list that is sorted by time and id, newest first. */
const START: ListPosition = { sortKey: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

/**
 * One page of a tenant's list that is sorted by time and id, newest first. `list` names the list in the cursor;
 * `read` returns up to `limit` rows after a position; their sort keys stay behind.
 * @throws DomainError `invalid_cursor` (400) for a cursor that is not of this tenant and list
 */
export async function readPage<Row extends Pick<ListPosition, 'id'>>(
  cursors: CursorCodec,
  tenantId: TenantId,
  list: string,
  { limit, cursor }: PageRequest,
  read: (limit: number, after: ListPosition) => Promise<(Row & ListPosition)[]>,
): Promise<Page<Omit<Row & ListPosition, 'sortKey'>>> {
  let after = START;
  if (cursor !== undefined) {
    const [sortKey, id] = cursors.decode(tenantId, list, cursor);
    after = { sortKey: String(sortKey), id: String(id) };
  }
  const rows = await read(limit + 1, after);
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(({ sortKey: _, ...row }) => row),
    next: last ? cursors.encode(tenantId, list, [last.sortKey, last.id]) : null,
  };
}
