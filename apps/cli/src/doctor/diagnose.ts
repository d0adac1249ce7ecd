import { readSettings, SettingsInvalid, type Settings } from '@lib/config';
import { createRolePool } from '@lib/database';
import type { CommandIo } from '../command-io.js';
import { connectAsLogin, type LoginSession } from '../connect-as-login.js';
import { describeDatabase } from '../describe-database.js';
import { checkIsolation } from './check-isolation.js';
import { checkInclusions, checkLists } from './check-lists.js';
import { checkRedis } from './check-redis.js';
import { checkAppRole, checkCapabilities } from './check-roles.js';
import {
  checkBacklog,
  checkEngine,
  checkPartitions,
  checkRowSecurity,
  checkSchemaVersion,
  isMigrated,
} from './check-schema.js';
import { checkDurability, checkExtensions, checkServerVersion } from './check-server.js';
import type { DoctorSubject } from './doctor-subject.js';
import type { Finding } from './finding.js';

type Check = (subject: DoctorSubject) => Promise<Finding | Finding[]>;

/** In the order of the report. A check that throws is a failure with the error's message. */
const ON_ANY_DATABASE: Record<string, Check> = {
  'server version': checkServerVersion,
  extensions: checkExtensions,
};
const ON_A_SCHEMA: Record<string, Check> = {
  engine: checkEngine,
  'schema version': checkSchemaVersion,
  'row-level security': checkRowSecurity,
  podcast_app: checkAppRole,
  capabilities: checkCapabilities,
  durability: checkDurability,
  partitions: checkPartitions,
  'isolation probe': checkIsolation,
  'refresh backlog': checkBacklog,
  lists: checkLists,
  'included addresses': checkInclusions,
};

export interface DiagnoseRequest {
  settings: Settings;
  /** The environment as a serving process would get it. */
  environment: CommandIo['environment'];
  readOnly: boolean;
}

/** Looks at everything that makes a database fit to serve, and says what it found. Never throws for a bad database. */
export async function diagnose({ settings, environment, readOnly }: DiagnoseRequest): Promise<Finding[]> {
  const findings: Finding[] = [judgeEnvironment(environment)];
  let login: LoginSession;
  try {
    login = await connectAsLogin(settings.databaseUrl, settings.connectionTimeoutMs);
  } catch (error) {
    const detail = `${where(settings)} does not answer: ${(error as Error).message}`;
    return [...findings, { check: 'connection', verdict: 'fail', detail }];
  }
  findings.push({ check: 'connection', verdict: 'ok', detail: where(settings) });
  const app = createRolePool(settings, () => undefined, 'podcast_app', settings.databaseUrl, 2);
  const subject: DoctorSubject = { settings, environment, login, app, readOnly };
  try {
    findings.push(...(await runChecks(ON_ANY_DATABASE, subject)));
    if (await isMigrated(subject)) findings.push(...(await runChecks(ON_A_SCHEMA, subject)));
    else
      findings.push({
        check: 'schema version',
        verdict: 'fail',
        detail: 'there is no schema: run podcast migrate',
      });
    findings.push(...(await runChecks({ redis: checkRedis }, subject)));
  } finally {
    await app.end();
    await login.end();
  }
  return findings;
}

async function runChecks(checks: Record<string, Check>, subject: DoctorSubject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, look] of Object.entries(checks)) {
    try {
      findings.push(...[await look(subject)].flat());
    } catch (error) {
      findings.push({ check, verdict: 'fail', detail: (error as Error).message });
    }
  }
  return findings;
}

function judgeEnvironment(environment: CommandIo['environment']): Finding {
  const check = 'configuration';
  try {
    readSettings(environment);
    return { check, verdict: 'ok', detail: 'every variable is valid' };
  } catch (error) {
    if (!(error instanceof SettingsInvalid)) throw error;
    const detail = `a serving process would not start here:\n${error.faults.join('\n')}`;
    return { check, verdict: 'warn', detail };
  }
}

function where(settings: Settings): string {
  const { database, host, login } = describeDatabase(settings.databaseUrl);
  return `${database} on ${host}, as ${login}`;
}
