import { connectionConfig } from '@lib/database';

/** Where a database URL leads, without its password. */
export interface DatabaseTarget {
  /** `host:port`; a socket's directory where the host is one. */
  host: string;
  database: string;
  login: string;
}

/** Takes a URL apart for people to read. Never shows the password. */
export function describeDatabase(url: string): DatabaseTarget {
  const { host, port, database, user } = connectionConfig(url);
  const name = host ?? 'localhost';
  return {
    host: name.startsWith('/') ? name : `${name}:${port ?? 5432}`,
    database: database ?? user ?? 'postgres',
    login: user ?? 'the operating system’s user',
  };
}
