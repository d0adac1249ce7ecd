import type { ColumnType, ExportedColumn } from '../../domain/exports/exported-column.js';

/** A column and the SQL that it is read with. */
export interface TableColumn extends ExportedColumn {
  readonly sql: string;
}

/** A part of a key: an expression, and the PostgreSQL type that its text is read back as. */
export interface KeyPart {
  readonly sql: string;
  readonly type: 'timestamptz' | 'date' | 'uuid' | 'text' | 'integer';
}

/**
 * A table that a tenant can take out, as one value. Whoever adds one writes nothing else.
 *
 * In its SQL `t` is the table itself and $1 the tenant. The key is unique within the tenant and begins like an index, so
 * that a page is read without sorting the table.
 */
export interface ExportedTable {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** What follows FROM; every join names the tenant. */
  readonly from: string;
  /** A condition of the table's own, beside the tenant. */
  readonly where?: string;
  readonly key: readonly KeyPart[];
  /** Rows are ordered by time: the first part of the key is the time by which a range takes them. */
  readonly isTimed: boolean;
  /**
   * Rows were sent by agents, whose names `app` and `device` are not stored with them: `t` has `user_agent_id`, `r` is its
   * referrer and `n` its network.
   */
  readonly hasAgents?: true;
  /** The podcast of a row; absent where rows belong to none. */
  readonly podcast?: string;
  /** Rows are single requests of listeners: they take a key with the scope `raw`, and go when a listener is erased. */
  readonly ofListeners: boolean;
}

/** Columns of `t` under their own names. */
export function plainColumns(types: Readonly<Record<string, ColumnType>>): TableColumn[] {
  return Object.entries(types).map(([name, type]) => ({ name, type, sql: `t.${name}` }));
}
