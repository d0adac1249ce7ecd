import { TenantDb } from '@lib/database';
import { SCOPES, type Scope } from '@lib/http';
import { KeysService, type KeyRequest } from '@lib/tenants';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { renderTable } from '../render-table.js';
import { withApplication } from '../with-application.js';
import { mintPlatformKey } from './mint-platform-key.js';
import { parseTenant } from './parse-tenant.js';
import { requireTenant } from './require-tenant.js';

interface CreateOptions {
  name: string;
  tenant?: string;
  scopes?: Scope[];
  trusted?: true;
  ingestToken?: true;
  expires?: Date;
  platform?: true;
  data: string;
}

interface TenantOptions {
  tenant: string;
  data: string;
}

/** `podcast key`: mints, lists and ends credentials. */
export function keyCommand(io: CommandIo): Command {
  const key = new Command('key').description('create, list and revoke API keys');
  key.addCommand(createCommand(io));
  key
    .command('list')
    .description('list the keys of a tenant, newest first; never their secrets')
    .requiredOption('--tenant <id>', 'whose keys', parseTenant)
    .addOption(dataOption())
    .action((options: TenantOptions) => listKeys(io, options));
  key
    .command('revoke <key-id>')
    .description('end a key; every API process stops accepting it within 5 seconds')
    .requiredOption('--tenant <id>', 'whose key', parseTenant)
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nThe key id is the part between "_live_" and the next "_" of the key, or see: podcast key list',
    )
    .action((keyId: string, options: TenantOptions) => revokeKey(io, keyId, options));
  return key;
}

function createCommand(io: CommandIo): Command {
  return new Command('create')
    .description('mint a key and show it once')
    .requiredOption('--name <name>', 'what the key is for')
    .option('--tenant <id>', 'the tenant that the key belongs to', parseTenant)
    .option(
      '--scopes <list>',
      `comma-separated: ${SCOPES.join(', ')}; admin includes the others`,
      parseScopes,
    )
    .option('--trusted', 'a trusted sender: its client address and byte counts are believed (hosts, CDNs)')
    .option('--ingest-token', 'a public write-only token (pi_live_…) for players and web pages')
    .option('--expires <time>', 'ISO 8601 time at which the key ends', parseTime)
    .addOption(
      new Option('--platform', 'a platform key for /v1/admin; belongs to no tenant').conflicts([
        'tenant',
        'scopes',
        'trusted',
        'ingestToken',
        'expires',
      ]),
    )
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nThe key goes to standard output alone, so that a script can catch it.\n' +
        'A platform key is minted as podcast_owner: through MIGRATION_DATABASE_URL where that is set.\n\n' +
        'Examples:\n' +
        '  podcast key create --tenant 0190… --name dashboard --scopes read\n' +
        '  podcast key create --tenant 0190… --name cdn --scopes ingest --trusted\n' +
        '  podcast key create --platform --name operations',
    )
    .action((options: CreateOptions) => createKey(io, options));
}

async function createKey(io: CommandIo, options: CreateOptions): Promise<void> {
  const opened = await openSettings(io, options.data);
  try {
    const credential =
      options.platform === true
        ? await mintPlatformKey(opened, options.name)
        : await asTenant(opened.settings, requiredTenant(options), (keys) =>
            keys.create(keyRequest(options)),
          ).then((created) => created.credential);
    io.print(credential);
    io.warn('Keep the key: it cannot be shown again.');
  } finally {
    await opened.close();
  }
}

function keyRequest({ name, scopes, trusted, ingestToken, expires }: CreateOptions): KeyRequest {
  if (scopes === undefined && ingestToken !== true)
    throw new CommandFailed('--scopes is needed: say what the key may do');
  return {
    kind: ingestToken === true ? 'ingest_token' : 'secret',
    name,
    scopes: scopes ?? ['ingest'],
    trustedSender: trusted === true,
    expiresAt: expires ?? null,
  };
}

async function listKeys(io: CommandIo, { tenant, data }: TenantOptions): Promise<void> {
  const opened = await openSettings(io, data);
  try {
    const keys = await asTenant(opened.settings, tenant, (service) => service.list());
    const rows = keys.map((key) => [
      key.keyId,
      key.kind,
      key.scopes.join(',') + (key.trustedSender ? ' trusted' : ''),
      key.revokedAt !== null
        ? 'revoked'
        : key.expiresAt !== null && key.expiresAt <= new Date()
          ? 'expired'
          : 'active',
      key.lastUsedAt?.toISOString() ?? 'never',
      key.name,
    ]);
    io.print(renderTable(['key id', 'kind', 'scopes', 'state', 'last used', 'name'], rows, io.columns));
  } finally {
    await opened.close();
  }
}

async function revokeKey(io: CommandIo, keyId: string, { tenant, data }: TenantOptions): Promise<void> {
  const opened = await openSettings(io, data);
  try {
    const key = await asTenant(opened.settings, tenant, (service) => service.revoke(keyId));
    io.print(`Revoked ${key.keyId} (${key.name}) at ${key.revokedAt?.toISOString() ?? 'unknown'}`);
  } finally {
    await opened.close();
  }
}

function asTenant<T>(
  settings: Parameters<typeof withApplication>[0],
  tenant: string,
  work: (keys: KeysService) => Promise<T>,
): Promise<T> {
  return withApplication(settings, async (application) => {
    await requireTenant(application, tenant);
    const keys = application.get(KeysService, { strict: false });
    return application.get(TenantDb, { strict: false }).run(tenant, () => work(keys));
  });
}

function requiredTenant({ tenant }: CreateOptions): string {
  if (tenant === undefined)
    throw new CommandFailed('--tenant is needed, or --platform for a key without a tenant');
  return tenant;
}

function parseScopes(text: string): Scope[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(
      `There is no scope ${unknown.join(', ')}. Choose from ${SCOPES.join(', ')}.`,
    );
  }
  return [...new Set(scopes)] as Scope[];
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError('It must be a time like 2030-01-31T00:00:00Z.');
  return time;
}
