import type { Sql } from '@lib/database';

/** Extensions that the schema is built on. */
const REQUIRED_EXTENSIONS = ['uuid-ossp', 'pgcrypto', 'pg_trgm', 'btree_gin'] as const;

/** What a database has of the extensions. */
export interface ExtensionReport {
  missing: string[];
  /** `name version` of each required one that is there. */
  present: string[];
  /** Whether TimescaleDB is created in this database, could be, or is not on the server. */
  timescaledb: string;
}

interface ExtensionRow {
  name: string;
  installed: string | null;
  available: string | null;
}

/** Reads the catalogue; any login may. */
export async function extensionReport(sql: Sql): Promise<ExtensionReport> {
  const rows = await sql<ExtensionRow>(
    `SELECT wanted.name, e.extversion AS installed, a.default_version AS available
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
     LEFT JOIN pg_extension e ON e.extname = wanted.name
     LEFT JOIN pg_available_extensions a ON a.name = wanted.name
     ORDER BY place`,
    [[...REQUIRED_EXTENSIONS, 'timescaledb']],
  );
  const required = rows.filter((row) => row.name !== 'timescaledb');
  return {
    missing: required.filter((row) => row.installed === null).map((row) => row.name),
    present: required.flatMap((row) => (row.installed === null ? [] : [`${row.name} ${row.installed}`])),
    timescaledb: describeTimescale(rows.find((row) => row.name === 'timescaledb')),
  };
}

function describeTimescale(row: ExtensionRow | undefined): string {
  const { installed = null, available = null } = row ?? {};
  if (installed !== null) return installed;
  return available === null ? 'not on this server' : `${available} on the server, not created here`;
}
