import type { Sql } from '@lib/database';
import type { TenantId } from '@lib/primitives';

/** Stores a piece of a file, and with it what the file's end has to say about the rows that begin here. */
export async function insertPiece(
  sql: Sql,
  tenantId: TenantId,
  exportId: string,
  piece: number,
  bytes: Uint8Array,
  layout: Uint8Array | null,
): Promise<void> {
  await sql(
    `INSERT INTO export_pieces (tenant_id, export_id, piece, bytes, layout) VALUES ($1, $2, $3, $4, $5)`,
    [tenantId, exportId, piece, asBuffer(bytes), layout && asBuffer(layout)],
  );
}

/** A piece of a file; undefined when the file is gone. */
export async function readPiece(
  sql: Sql,
  tenantId: TenantId,
  exportId: string,
  piece: number,
): Promise<Uint8Array | undefined> {
  const rows = await sql<{ bytes: Buffer }>(
    `SELECT bytes FROM export_pieces WHERE tenant_id = $1 AND export_id = $2 AND piece = $3`,
    [tenantId, exportId, piece],
  );
  return rows[0]?.bytes;
}

/** What the pieces have to say to the end of their file, in their order. */
export async function pieceLayouts(sql: Sql, tenantId: TenantId, exportId: string): Promise<Uint8Array[]> {
  const rows = await sql<{ layout: Buffer }>(
    `SELECT layout FROM export_pieces WHERE tenant_id = $1 AND export_id = $2 AND layout IS NOT NULL ORDER BY piece`,
    [tenantId, exportId],
  );
  return rows.map(({ layout }) => layout);
}

/** The driver takes other views of bytes for lists. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
