import type pg from 'pg';

/** A node of a Citus cluster, as its coordinator knows it. */
interface CitusNode {
  host: string;
  port: number;
  isCoordinator: boolean;
  holdsShards: boolean;
}

/**
 * The nodes that are registered in the database `postgres` of a server; undefined where that has no Citus. A server without
 * any is a coordinator alone. Test databases get the same ones. New databases of workers must have the extension from the
 * start, by their `template1`.
 */
async function citusNodes(client: pg.Client): Promise<CitusNode[] | undefined> {
  const { rowCount } = await client.query("SELECT FROM pg_extension WHERE extname = 'citus'");
  if (rowCount === 0) return undefined;
  const { rows } = await client.query<CitusNode>(
    `SELECT nodename AS host, nodeport AS port, groupid = 0 AS "isCoordinator", shouldhaveshards AS "holdsShards"
     FROM pg_dist_node ORDER BY groupid`,
  );
  return rows;
}

/** Runs a statement about databases on this server and, where it coordinates others, on those as well. */
export async function onEveryNode(client: pg.Client, text: string): Promise<void> {
  await client.query(text);
  if (((await citusNodes(client)) ?? []).every(({ isCoordinator }) => isCoordinator)) return;
  const { rows } = await client.query<{ success: boolean; result: string }>(
    'SELECT success, result FROM run_command_on_workers($1)',
    [text],
  );
  for (const { success, result } of rows) if (!success) throw new Error(`a worker: ${result}`);
}

/** Makes an empty database one of the cluster that `server`, its database `postgres`, coordinates; nothing without Citus. */
export async function joinCluster(server: pg.Client, database: pg.Client): Promise<void> {
  const nodes = await citusNodes(server);
  if (nodes === undefined) return;
  await database.query('CREATE EXTENSION IF NOT EXISTS citus');
  for (const { host, port, isCoordinator, holdsShards } of nodes) {
    const join = isCoordinator ? 'citus_set_coordinator_host' : 'citus_add_node';
    await database.query(`SELECT ${join}($1, $2)`, [host, port]);
    await database.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', $3)", [
      host,
      port,
      holdsShards,
    ]);
  }
}
