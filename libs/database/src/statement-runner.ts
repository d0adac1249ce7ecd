import type pg from 'pg';
import { insertsFromSelect, runInSteps } from './run-in-steps.js';
import { runsInSteps } from './runs-in-steps.sql.js';

/** Runs a statement as a whole, on the client's transaction. */
type RunWhole = (text: string, params: readonly unknown[] | undefined) => Promise<Record<string, unknown>[]>;

/** Runs the statements of a pool: as they are, or as Citus needs them. */
export class StatementRunner {
  private onCitus: boolean | undefined;

  async run(
    client: () => Promise<Pick<pg.ClientBase, 'query'>>,
    whole: RunWhole,
    text: string,
    params: readonly unknown[] | undefined,
  ): Promise<Record<string, unknown>[]> {
    if (this.onCitus === false || !(INSERTS.test(text) || TELLS_TIME.test(text))) return whole(text, params);
    const connection = await client();
    this.onCitus ??= await runsInSteps(connection);
    if (!this.onCitus) return whole(text, params);
    return this.asCitusNeeds(connection, whole, await withTimeTold(connection, text), params);
  }

  private async asCitusNeeds(
    connection: Pick<pg.ClientBase, 'query'>,
    whole: RunWhole,
    text: string,
    params: readonly unknown[] | undefined,
  ): Promise<Record<string, unknown>[]> {
    const rows = await runInSteps(connection, text, params);
    if (rows !== undefined) return rows;
    const answering = insertsFromSelect(text);
    if (answering === undefined) return whole(text, params);
    await whole(answering, params);
    return [];
  }
}

/** Cheap, and never wrong about statements that are run as they are. */
const INSERTS = /\bINSERT\s+INTO\b/i;
const TELLS_TIME = /\bUPDATE\b[\s\S]*\bnow\(\)/i;

/** An UPDATE with the transaction's time instead of `now()`, which Citus does not take in every place. */
async function withTimeTold(client: Pick<pg.ClientBase, 'query'>, text: string): Promise<string> {
  if (!TELLS_TIME.test(text)) return text;
  const { rows } = await client.query<{ at: string }>('SELECT now()::text AS at');
  return text.replaceAll(/\bnow\(\)/gi, `'${rows[0]?.at}'::timestamptz`);
}
