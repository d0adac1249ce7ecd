import type pg from 'pg';

/**
 * Whether statements that insert in a named part must be run in steps: on Citus. An engine is chosen once, so whoever asked
 * may remember the answer.
 */
export async function runsInSteps(client: Pick<pg.ClientBase, 'query'>): Promise<boolean> {
  const { rows } = await client.query<{ steps: boolean }>(
    "SELECT engine = 'citus' AS steps FROM public.schema_info",
  );
  return rows[0]?.steps === true;
}
