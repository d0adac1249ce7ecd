import type { CanaryTenant } from '@lib/testing';
import type pg from 'pg';

/** A row by column. */
export type Row = Record<string, unknown>;
type Reader = Pick<pg.ClientBase, 'query'>;

/** A foreign key: the child's columns in the order of the parent's. */
export interface ForeignKey {
  child: string;
  parent: string;
  columns: string[];
  parentColumns: string[];
}

/** Every foreign key, once for a partitioned table; those of an extension's own tables left out. */
export async function foreignKeys(client: Reader): Promise<ForeignKey[]> {
  const names = (table: string, numbers: string) =>
    `(SELECT array_agg(att.attname::text ORDER BY n.place) FROM unnest(k.${numbers}) WITH ORDINALITY AS n (number, place)
      JOIN pg_attribute att ON att.attrelid = k.${table} AND att.attnum = n.number)`;
  const { rows } = await client.query<ForeignKey>(
    `SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent,
            ${names('conrelid', 'conkey')} AS columns, ${names('confrelid', 'confkey')} AS "parentColumns"
     FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = k.conrelid AND d.deptype = 'e')
     ORDER BY k.conname`,
  );
  return rows;
}

/** Columns of each unique index of a table. */
export async function uniqueKeys(
  client: Reader,
  table: string,
): Promise<{ index: string; columns: string[] }[]> {
  const { rows } = await client.query<{ index: string; columns: string[] }>(
    `SELECT i.indexrelid::regclass::text AS index,
            (SELECT array_agg(pg_get_indexdef(i.indexrelid, n, true) ORDER BY n) FROM generate_series(1, i.indnkeyatts) n) AS columns
     FROM pg_index i WHERE i.indrelid = $1::regclass AND i.indisunique`,
    [table],
  );
  return rows;
}

/** The first row that the tenant has in the table, without generated columns: nobody can insert those. */
export async function storedRow(client: Reader, table: string, { tenantId }: CanaryTenant): Promise<Row> {
  const { rows } = await client.query<{ row: Row }>(
    `SELECT to_jsonb(t) - ARRAY(SELECT attname::text FROM pg_attribute
                                WHERE attrelid = $2::regclass AND attgenerated <> '') AS row
     FROM ${table} t WHERE tenant_id = $1 LIMIT 1`,
    [tenantId, table],
  );
  if (rows[0] === undefined) throw new Error(`${table} has no row of ${tenantId}`);
  return rows[0].row;
}
