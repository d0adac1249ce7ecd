import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { Settings } from './settings.js';

/** The environment does not describe a process that can run. `faults` has one line a fault. */
export class SettingsInvalid extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'SettingsInvalid';
  }
}

const fieldsByVariable = new Map(
  getMetadataStorage()
    .getTargetValidationMetadatas(Settings, '', false, false)
    .map(({ propertyName }) => [variableName(propertyName), propertyName]),
);

/** The names of every variable that the program reads, sorted. */
export const VARIABLES: readonly string[] = [...fieldsByVariable.keys()].sort();

/** `ingestMaxBatchEvents` → `INGEST_MAX_BATCH_EVENTS`. */
export function variableName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * Reads and judges the environment. An empty variable counts as absent.
 * @throws SettingsInvalid naming every fault at once: the variable, and what it must be.
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const fields = Object.entries(environment).flatMap(([name, value]) => {
    const field = fieldsByVariable.get(name);
    return field === undefined || value === undefined || value.trim() === '' ? [] : [[field, value.trim()]];
  });
  const settings = plainToInstance(Settings, Object.fromEntries(fields));
  fillFromParts(settings);
  const faults = validateSync(settings, { whitelist: true }).flatMap(({ property, value, constraints }) =>
    property === 'databaseUrl' && value === undefined
      ? ['DATABASE_URL is missing: set it, or POSTGRES_HOST with POSTGRES_DATABASE and POSTGRES_USER']
      : Object.values(constraints ?? {}).map((rule) => rule.replaceAll(property, variableName(property))),
  );
  if (faults.length > 0) throw new SettingsInvalid([...new Set(faults)]);
  return settings;
}

/** `process.env`, read once for the whole program. @throws SettingsInvalid */
export function readProcessSettings(): Settings {
  return readSettings(process.env);
}

function fillFromParts(settings: Partial<Settings>): void {
  if (settings.databaseUrl === undefined && settings.postgresHost !== undefined) {
    const user = encodeURIComponent(settings.postgresUser ?? 'postgres');
    const password =
      settings.postgresPassword === undefined ? '' : `:${encodeURIComponent(settings.postgresPassword)}`;
    const database = encodeURIComponent(settings.postgresDatabase ?? 'postgres');
    settings.databaseUrl = `postgresql://${user}${password}@${settings.postgresHost}:${settings.postgresPort ?? 5432}/${database}`;
  }
  if (settings.redisUrl === undefined && settings.redisHost !== undefined) {
    const password =
      settings.redisPassword === undefined ? '' : `:${encodeURIComponent(settings.redisPassword)}@`;
    settings.redisUrl = `redis://${password}${settings.redisHost}:${settings.redisPort ?? 6379}`;
  }
}
