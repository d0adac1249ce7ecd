import type { Sql } from '@lib/database';
import { DAY_MS, type TenantId } from '@lib/primitives';
import type { ExportedRow, ExportedValue, TablePosition } from '../../domain/exports/exported-column.js';
import type { ExportedTable, KeyPart } from './exported-table.js';

/** A condition: an expression that has to equal a value. */
export interface RowFilter {
  readonly sql: string;
  readonly type: 'uuid' | 'text';
  readonly value: string;
}

/** Which rows of a table are wanted, and in which order of its key. */
export interface TableSelection {
  /** Half-open, UTC. Days are taken that begin inside. Null takes all. */
  readonly range: { readonly from: Date; readonly to: Date } | null;
  readonly filters: readonly RowFilter[];
  readonly descending?: boolean;
}

/** By whom a row was sent, as far as its app and device follow from it. */
export interface SentBy {
  readonly userAgentId: string | null;
  readonly referrer: string | null;
  readonly occurredAtMs: number;
  /** Number of the autonomous system. */
  readonly asn: number | null;
  readonly country: string | null;
}

/** Rows in the order of the key, and where the next page begins. */
export interface TablePage {
  readonly rows: readonly ExportedRow[];
  /** By whom each row was sent; empty for tables without agents. */
  readonly sentBy: readonly SentBy[];
  /** Null after the last page. */
  readonly after: TablePosition | null;
}

/**
 * Rows that are looked at for one page where not all of them fit: those of a small podcast may lie far apart. A page can then
 * hold fewer rows than asked for, or none, and still not be the last.
 */
const LOOKED_AT = 20_000;

/**
 * How far from where a page begins its end is looked for, before it is looked for anywhere. TimescaleDB's tables stand behind
 * views, whose rows are all read and sorted to give the first in an order: unbounded, a page would cost all that is left.
 */
const REACHES = ['1 hour', '1 day', '28 days'] as const;

const SENT_BY = `json_build_object(
    'userAgentId', t.user_agent_id::text, 'referrer', r.value, 'asn', n.asn, 'country', n.country,
    'occurredAtMs', floor(extract(epoch FROM t.occurred_at) * 1000)
  ) AS "$sentBy"`;

/** A page of at most `limit` rows after a position; null begins at the beginning. */
export async function exportedRows(
  sql: Sql,
  tenantId: TenantId,
  table: ExportedTable,
  selection: TableSelection,
  after: TablePosition | null,
  limit: number,
): Promise<TablePage> {
  const lookedAt = selection.filters.length === 0 ? limit : Math.max(limit, LOOKED_AT);
  const end = await pageEnd(sql, tenantId, table, selection, after, lookedAt);
  const bounds = new Parameters(tenantId);
  const conditions = [
    ...conditionsOf(bounds, table, selection, after),
    ...selection.filters.map(({ sql: of, type, value }) => `${of} = ${bounds.add(value, type)}`),
    ...(end === null ? [] : [compare(bounds, table.key, selection.descending ? '>=' : '<=', end)]),
  ];
  const columns = table.columns.map(({ sql: of, name, type }) => `${readAs(of, type)} AS "${name}"`);
  if (table.hasAgents) columns.push(SENT_BY);
  const found = await sql<Record<string, ExportedValue> & KeyTexts & { $sentBy: SentBy }>(
    `SELECT ${columns.join(', ')}, ${keyTexts(table.key)} FROM ${table.from}
     WHERE ${conditions.join(' AND ')} ORDER BY ${order(table, selection)} LIMIT ${bounds.add(limit, 'integer')}`,
    bounds.values,
  );
  const last = found.length < limit ? end : (found.at(-1)?.$key ?? null);
  return {
    rows: found.map((row) => readRow(table, row)),
    sentBy: table.hasAgents ? found.map((row) => row.$sentBy) : [],
    after: last,
  };
}

/**
 * How many rows a selection holds, counted no further than `most`; its filters are left out, because what they leave out has
 * to be looked at all the same.
 */
export async function countRows(
  sql: Sql,
  tenantId: TenantId,
  table: ExportedTable,
  selection: TableSelection,
  most: number,
): Promise<number> {
  const bounds = new Parameters(tenantId);
  const conditions = conditionsOf(bounds, table, selection, null);
  const [row] = await sql<{ rows: number }>(
    `SELECT count(*)::integer AS rows FROM (
       SELECT FROM ${table.from} WHERE ${conditions.join(' AND ')} LIMIT ${bounds.add(most, 'integer')}
     ) looked_at`,
    bounds.values,
  );
  return row?.rows ?? 0;
}

interface KeyTexts {
  $key: string[];
}

/** The key of the `count`th row after a position, filters left out; null where fewer are left. */
async function pageEnd(
  sql: Sql,
  tenantId: TenantId,
  table: ExportedTable,
  selection: TableSelection,
  after: TablePosition | null,
  count: number,
): Promise<TablePosition | null> {
  const start = startOf(table, selection, after);
  for (const reach of start === null ? [] : REACHES) {
    const end = await rowAfter(sql, tenantId, table, selection, after, count, { start, reach });
    if (end !== null) return end;
  }
  return rowAfter(sql, tenantId, table, selection, after, count, null);
}

/** The time at which a page begins; null where rows are in no order of instants, or from the very first one on. */
function startOf(
  { isTimed, key }: ExportedTable,
  { range, descending }: TableSelection,
  after: TablePosition | null,
): unknown {
  if (!isTimed || key[0]?.type !== 'timestamptz') return null;
  return after?.[0] ?? (descending ? range?.to : range?.from) ?? null;
}

async function rowAfter(
  sql: Sql,
  tenantId: TenantId,
  table: ExportedTable,
  selection: TableSelection,
  after: TablePosition | null,
  count: number,
  within: { start: unknown; reach: string } | null,
): Promise<TablePosition | null> {
  const bounds = new Parameters(tenantId);
  const conditions = conditionsOf(bounds, table, selection, after);
  if (within !== null) {
    const [start, reach] = [bounds.add(within.start, 'timestamptz'), bounds.add(within.reach, 'interval')];
    const { descending } = selection;
    conditions.push(
      `${table.key[0]?.sql} ${descending ? '>' : '<'} ${start} ${descending ? '-' : '+'} ${reach}`,
    );
  }
  const rows = await sql<KeyTexts>(
    `SELECT ${keyTexts(table.key)} FROM ${table.from} WHERE ${conditions.join(' AND ')}
     ORDER BY ${order(table, selection)} LIMIT 1 OFFSET ${bounds.add(count - 1, 'integer')}`,
    bounds.values,
  );
  return rows[0]?.$key ?? null;
}

/** Values of a statement, and where it names them. $1 is the tenant. */
class Parameters {
  readonly values: unknown[];

  constructor(tenantId: TenantId) {
    this.values = [tenantId];
  }

  add(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`;
  }
}

function conditionsOf(
  bounds: Parameters,
  table: ExportedTable,
  { range, descending }: TableSelection,
  after: TablePosition | null,
): string[] {
  const conditions = ['t.tenant_id = $1', ...(table.where === undefined ? [] : [table.where])];
  const [time] = table.key;
  if (range !== null && table.isTimed && time !== undefined) {
    const [from, to] = [range.from, range.to].map((at) => (time.type === 'date' ? firstDayFrom(at) : at));
    conditions.push(
      `${time.sql} >= ${bounds.add(from, time.type)}`,
      `${time.sql} < ${bounds.add(to, time.type)}`,
    );
  }
  // Follows from the comparison of keys, which leaves out no partition, and no row whose key is known only when it is read.
  if (table.isTimed && time !== undefined && after !== null)
    conditions.push(`${time.sql} ${descending ? '<=' : '>='} ${bounds.add(after[0], time.type)}`);
  if (after !== null) conditions.push(compare(bounds, table.key, descending ? '<' : '>', after));
  return conditions;
}

/** The first UTC day that does not begin before an instant, as `YYYY-MM-DD`. */
function firstDayFrom(at: Date): string {
  return new Date(Math.ceil(at.getTime() / DAY_MS) * DAY_MS).toISOString().slice(0, 10);
}

function compare(
  bounds: Parameters,
  key: readonly KeyPart[],
  operator: string,
  position: TablePosition,
): string {
  const values = key.map(({ type }, n) => bounds.add(position[n], type));
  return `(${key.map(({ sql }) => sql).join(', ')}) ${operator} (${values.join(', ')})`;
}

function order({ key }: ExportedTable, { descending }: TableSelection): string {
  return key.map(({ sql }) => `${sql}${descending ? ' DESC' : ''}`).join(', ');
}

/** A time keeps its microseconds only as text. */
function keyTexts(key: readonly KeyPart[]): string {
  return `ARRAY[${key.map(({ sql }) => `${sql}::text`).join(', ')}] AS "$key"`;
}

function readAs(sql: string, type: string): string {
  if (type === 'date') return `${sql}::text`;
  return type === 'json' ? `to_jsonb(${sql})` : sql;
}

function readRow(table: ExportedTable, found: Record<string, ExportedValue>): ExportedRow {
  return Object.fromEntries(
    table.columns.map(({ name, type }) => {
      const value = found[name] ?? null;
      return [name, type === 'bigint' && value !== null ? BigInt(value as string) : value];
    }),
  );
}
