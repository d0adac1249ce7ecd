import { Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
} from 'class-validator';

const POSTGRES_URL = /^postgres(ql)?:\/\//;
const REDIS_URL = /^rediss?:\/\//;
const postgresUrl = { message: '$property must be a postgresql:// URL' };

const list = ({ value }: { value: unknown }) =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '')
    : value;
const flag = ({ value }: { value: unknown }) =>
  value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value;

/** The time-series engines that can be asked for. Which of them a build carries is the migration's answer. */
export const TIME_SERIES_ENGINES = ['partitions', 'timescale', 'citus'] as const;

/**
 * Everything the processes read from their environment, typed and judged.
 *
 * A field `ingestMaxBatchEvents` is the variable `INGEST_MAX_BATCH_EVENTS`; `README.md` and
 * `.env.example` explain each. Nothing else in the program reads `process.env`.
 */
export class Settings {
  /** Login of `podcast_app`, or one login for everything. Filled from `POSTGRES_*` when only those are set. */
  @Matches(POSTGRES_URL, postgresUrl)
  databaseUrl!: string;

  @IsOptional() @IsString() postgresHost?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(65535) postgresPort?: number;
  @IsOptional() @IsString() postgresDatabase?: string;
  @IsOptional() @IsString() postgresUser?: string;
  @IsOptional() @IsString() postgresPassword?: string;

  /** Read-only copies of the primary, for analytics. */
  @Transform(list)
  @IsArray()
  @Matches(POSTGRES_URL, { each: true, message: '$property must be postgresql:// URLs, separated by commas' })
  databaseReplicaUrls: string[] = [];

  @IsOptional() @Matches(POSTGRES_URL, postgresUrl) migrationDatabaseUrl?: string;
  @IsOptional() @Matches(POSTGRES_URL, postgresUrl) maintenanceDatabaseUrl?: string;
  @IsOptional() @Matches(POSTGRES_URL, postgresUrl) adminDatabaseUrl?: string;
  @IsOptional() @Matches(POSTGRES_URL, postgresUrl) queueDatabaseUrl?: string;

  /** Absent: queues live in PostgreSQL. Filled from `REDIS_HOST` when only that is set. */
  @IsOptional()
  @Matches(REDIS_URL, { message: '$property must be a redis:// or rediss:// URL' })
  redisUrl?: string;

  @IsOptional() @IsString() redisHost?: string;
  @IsOptional() @Type(() => Number) @IsInt() @Min(1) @Max(65535) redisPort?: number;
  @IsOptional() @IsString() redisPassword?: string;

  @IsOptional()
  @IsUrl(
    { require_tld: false, protocols: ['http', 'https'] },
    { message: '$property must be an http(s) URL' },
  )
  supabaseUrl?: string;

  @IsOptional() @IsString() @MinLength(20) supabaseServiceRoleKey?: string;
  @IsOptional() @IsString() @MinLength(20) supabaseAnonKey?: string;

  @IsOptional() @IsIn(TIME_SERIES_ENGINES) timeSeriesEngine?: (typeof TIME_SERIES_ENGINES)[number];

  @IsString() bindAddress = '0.0.0.0';
  @Type(() => Number) @IsInt() @Min(0) @Max(65535) port = 8000;
  @Type(() => Number) @IsInt() @Min(0) @Max(65535) workerPort = 8001;

  /** Key of the keyed hash under which API secrets are stored. Changing it ends every key. */
  @MinLength(32, { message: '$property must be a secret of at least 32 characters' })
  apiKeyPepper!: string;

  /** 32 bytes in base64: encrypts the daily keys under which addresses are hashed. */
  @Matches(/^[A-Za-z0-9+/]{43}=$/, {
    message: '$property must be 32 random bytes in base64 (openssl rand -base64 32)',
  })
  privacyMasterKey!: string;

  @IsOptional() @MinLength(16) metricsToken?: string;

  @Type(() => Number) @IsInt() @Min(2) @Max(500) databasePoolSize = 10;
  @Type(() => Number) @IsInt() @Min(1) @Max(100) ingestPoolSize = 4;
  @Type(() => Number) @IsInt() @Min(100) @Max(600_000) statementTimeoutMs = 15_000;
  @Type(() => Number) @IsInt() @Min(50) @Max(60_000) lockTimeoutMs = 2_000;
  @Type(() => Number) @IsInt() @Min(100) @Max(60_000) connectionTimeoutMs = 5_000;

  /** A replica that is further behind than this is not asked while the primary has written more. */
  @Type(() => Number) @IsInt() @Min(100) @Max(86_400_000) replicaMaxLagMs = 10_000;

  /** What one API process keeps of metrics' answers, in bytes; 0 keeps none. */
  @Type(() => Number) @IsInt() @Min(0) @Max(17_179_869_184) metricsCacheBytes = 67_108_864;
  /** For so long an answer is given again without a look whether it still stands. */
  @Type(() => Number) @IsInt() @Min(0) @Max(60_000) metricsFreshMs = 1_000;
  /** How long a statement of a metrics question may run, where that is less than STATEMENT_TIMEOUT_MS. */
  @Type(() => Number) @IsInt() @Min(50) @Max(600_000) metricsStatementTimeoutMs = 5_000;
  /** Streams of live totals that one tenant may have open at one API process. */
  @Type(() => Number) @IsInt() @Min(1) @Max(10_000) liveStreamsPerTenant = 20;
  /** Pause between two signs of life on a stream. That often it is also asked whether its key still stands. */
  @Type(() => Number) @IsInt() @Min(50) @Max(30_000) liveHeartbeatMs = 15_000;

  @Type(() => Number) @IsInt() @Min(1) @Max(10_000) ingestMaxBatchEvents = 1_000;
  @Type(() => Number) @IsInt() @Min(1024) @Max(16_777_216) ingestMaxBodyBytes = 1_048_576;
  @Type(() => Number) @IsInt() @Min(256) @Max(1_048_576) ingestMaxEventBytes = 32_768;
  @Type(() => Number) @IsInt() @Min(1) @Max(90) ingestAcceptanceDays = 7;
  @Type(() => Number) @IsInt() @Min(100) @Max(1_000_000) ingestQueueEvents = 20_000;
  @Type(() => Number) @IsInt() @Min(1_048_576) @Max(1_073_741_824) ingestQueueBytes = 67_108_864;
  @Type(() => Number) @IsInt() @Min(100) @Max(60_000) ingestDeadlineMs = 10_000;
  /** Events a second that one tenant may send to one API process; 0 is no limit. */
  @Type(() => Number) @IsInt() @Min(0) @Max(1_000_000) ingestTenantEventsPerSecond = 0;

  /** Host names under which the redirect is reached, without ports. The first stands in the addresses that we show. */
  @Transform(list)
  @IsArray()
  @Matches(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, {
    each: true,
    message: '$property must be host names in lower case, without ports, separated by commas',
  })
  trackingHosts: string[] = [];
  /** Where requests to the redirect wait while the database does not take them. Must survive a restart. */
  @IsString() @MinLength(1) spoolDir = '.data/spool';
  /** What one API process may keep there, in bytes. */
  @Type(() => Number) @IsInt() @Min(4096) @Max(1_099_511_627_776) spoolMaxBytes = 268_435_456;

  @Type(() => Number) @IsInt() @Min(8) @Max(36_500) rawRetentionDays = 730;
  /** Of rollups, for tenants that do not say otherwise. 36,500 days are for ever. */
  @Type(() => Number) @IsInt() @Min(8) @Max(36_500) sliceRetentionDays = 1_100;
  @Type(() => Number) @IsInt() @Min(8) @Max(36_500) hourRetentionDays = 3_660;
  @Type(() => Number) @IsInt() @Min(8) @Max(36_500) dayRetentionDays = 36_500;
  @Type(() => Number) @IsInt() @Min(8) @Max(36_500) monthRetentionDays = 36_500;

  /** The largest file that an export may come to, in bytes. Files lie in the database for a day. */
  @Type(() => Number) @IsInt() @Min(1024) @Max(1_099_511_627_776) exportMaxBytes = 1_073_741_824;
  /** How often a tenant may read raw events from one API process. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1_000_000) eventsReadsPerMinute = 60;

  @Transform(list) @IsArray() @IsString({ each: true }) corsOrigins: string[] = [];
  /** Addresses or networks of proxies whose `X-Forwarded-For` is believed. Empty: nobody's. */
  @Transform(list) @IsArray() @IsString({ each: true }) trustProxy: string[] = [];
  /** Lets feed URLs lead to private addresses. Only for a network that trusts every tenant. */
  @Transform(flag) @IsBoolean() feedAllowPrivateAddresses = false;
  /** How long after a poll a feed is polled again. Failures make it longer. */
  @Type(() => Number) @IsInt() @Min(1) @Max(1_440) feedPollIntervalMinutes = 15;
  /** Pause between two requests of one worker to the same host of feeds. */
  @Type(() => Number) @IsInt() @Min(0) @Max(60_000) feedHostGapMs = 1_000;

  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']) logLevel = 'info';
  /** How long a process keeps serving after SIGTERM, so that load balancers notice first. */
  @Type(() => Number) @IsInt() @Min(0) @Max(60_000) shutdownDrainMs = 5_000;
  /** Off: readiness ignores the database, for fleets where one shared outage must not unready every pod. */
  @Transform(flag) @IsBoolean() readyChecksDependencies = true;
}
