import type pg from 'pg';
import { splitStatement, type StatementPart } from './split-statement.js';

/** What a step brought, to be carried into later ones: each column's values as PostgreSQL writes them. */
interface Carried {
  columns: { name: string; type: string; values: (string | null)[] }[];
  rows: number;
}

/** A part that later ones may name: its rows where it was run, else its text. */
type Known = { part: StatementPart; carried?: Carried };

/**
 * Runs a statement whose parts insert rows as several statements of the same transaction: Citus runs a statement on a
 * tenant's node as a whole, but only where no named part is an INSERT. Undefined for statements that need no steps.
 *
 * Every part that changes rows, and every part that such a part or the end names, is run once, in the order of the text; its
 * rows are carried into the steps that name it. Unlike in one statement, a later part sees what an earlier one changed: write
 * parts so that this makes no difference, and lock what others may change meanwhile, as all our statements do.
 */
export async function runInSteps(
  client: Pick<pg.ClientBase, 'query'>,
  text: string,
  params: readonly unknown[] = [],
): Promise<Record<string, unknown>[] | undefined> {
  const statement = splitStatement(text);
  if (statement === undefined || !/\bINSERT\s+INTO\b/i.test(text)) return undefined;
  const { parts, end } = statement;
  const changing = parts.filter(({ body }) => changes(body));
  if (changing.length === 0 && !changes(end)) return undefined;
  const known: Known[] = [];
  for (const part of parts) {
    const needed = changes(part.body) || [end, ...changing.map(({ body }) => body)].some(names(part));
    if (!needed) known.push({ part });
    else {
      const body = insertsFromSelect(part.body) ?? part.body;
      known.push({ part, carried: await carry(client, withKnown(known, body, params)) });
    }
  }
  const answering = insertsFromSelect(end);
  const { rows } = await client.query<Record<string, unknown>>(withKnown(known, answering ?? end, params));
  return answering === undefined ? rows : [];
}

/**
 * An INSERT of what a SELECT finds, asked to answer with a row for each; undefined for any other statement, and for those
 * that answer or name a conflict. Citus copies the rows of such a statement into shards, and PostgreSQL takes no copies
 * where row-level security is in force.
 */
export function insertsFromSelect(text: string): string | undefined {
  return /^\s*INSERT\s+INTO\b[\s\S]*\bSELECT\b/i.test(text) && !/\b(RETURNING|ON\s+CONFLICT)\b/i.test(text)
    ? `${text} RETURNING 1`
    : undefined;
}

const changes = (text: string): boolean => /^\s*(INSERT|UPDATE|DELETE)\b/i.test(text);
const names =
  ({ name }: StatementPart) =>
  (text: string): boolean =>
    new RegExp(`\\b${name}\\b`, 'i').test(text);

/** A step with the parts that it names, and the parameters that it uses under new numbers. */
function withKnown(
  known: readonly Known[],
  body: string,
  params: readonly unknown[],
): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const numbers = new Map<string, number>();
  const renumbered = (text: string) =>
    text.replaceAll(/\$(\d+)/g, (_, number: string) => {
      if (!numbers.has(number)) numbers.set(number, values.push(params[Number(number) - 1]));
      return `$${numbers.get(number)}`;
    });
  const definitions = needed(known, body).map(({ part, carried }) =>
    carried === undefined
      ? `${part.name} AS (${renumbered(part.body)})`
      : `${part.name} AS MATERIALIZED (${selectCarried(carried, values)})`,
  );
  const text = renumbered(body);
  return { text: definitions.length === 0 ? text : `WITH ${definitions.join(', ')} ${text}`, values };
}

/** Parts that a text names, and those that these name. */
function needed(known: readonly Known[], text: string): Known[] {
  const found = new Set<Known>();
  const texts = [text];
  for (const one of [...known].reverse())
    if (texts.some(names(one.part))) {
      found.add(one);
      if (one.carried === undefined) texts.push(one.part.body);
    }
  return known.filter((one) => found.has(one));
}

function selectCarried({ columns, rows }: Carried, values: unknown[]): string {
  if (columns.length === 0) return `SELECT FROM generate_series(1, ${rows})`;
  const numbers = columns.map(({ values: column }) => values.push(column));
  const typed = columns.map(({ name, type }, index) => `c${index}::${type} AS "${name}"`);
  return `SELECT ${typed.join(', ')} FROM unnest(${numbers.map((number) => `$${number}::text[]`).join(', ')})
    AS u (${columns.map((_, index) => `c${index}`).join(', ')})`;
}

async function carry(
  client: Pick<pg.ClientBase, 'query'>,
  { text, values }: { text: string; values: unknown[] },
): Promise<Carried> {
  const { fields, rows } = await client.query<(string | null)[]>({
    text,
    values,
    rowMode: 'array',
    types: { getTypeParser: () => asWritten },
  } as pg.QueryArrayConfig);
  const columns = [];
  for (const [index, { name, dataTypeID }] of fields.entries())
    columns.push({
      name,
      type: await typeName(client, dataTypeID),
      values: rows.map((row) => row[index] ?? null),
    });
  return { columns, rows: rows.length };
}

const asWritten = (value: string): string => value;

/** Of built-in types, whose numbers are the same everywhere. */
const typeNames = new Map<number, string>();
async function typeName(client: Pick<pg.ClientBase, 'query'>, oid: number): Promise<string> {
  const read = typeNames.get(oid);
  if (read !== undefined) return read;
  const { rows } = await client.query<{ name: string }>('SELECT format_type($1::oid, NULL) AS name', [oid]);
  const name = rows[0]?.name ?? 'text';
  typeNames.set(oid, name);
  return name;
}
