import { listPlatformKeys, revokePlatformKey } from '@lib/tenants';
import { Command, Option } from 'commander';
import type { CommandIo } from '../command-io.js';
import { dataOption } from '../data-option.js';
import { openSettings, type OpenedSettings } from '../open-settings.js';
import { renderTable } from '../render-table.js';
import { asOwner } from './as-owner.js';
import { asTenant } from './as-tenant.js';
import { createKeyCommand } from './create-key.command.js';
import { parseTenant } from './parse-tenant.js';

/** Whose keys: a tenant's, or those of the platform. */
interface HolderOptions {
  tenant?: string;
  platform?: true;
  data: string;
}

/** `podcast key`: mints, lists and ends credentials. */
export function keyCommand(io: CommandIo): Command {
  const key = new Command('key').description('create, list and revoke API keys');
  key.addCommand(createKeyCommand(io));
  key
    .command('list')
    .description('list the keys of a tenant, or of the platform, newest first; never their secrets')
    .option('--tenant <id>', 'whose keys', parseTenant)
    .addOption(platformOption())
    .addOption(dataOption())
    .action((options: HolderOptions) => listKeys(io, options));
  key
    .command('revoke <key-id>')
    .description('end a key; every API process stops accepting it within 5 seconds')
    .option('--tenant <id>', 'whose key', parseTenant)
    .addOption(platformOption())
    .addOption(dataOption())
    .addHelpText(
      'after',
      '\nThe key id is the part between "_live_" and the next "_" of the key, or see: podcast key list\n' +
        'Platform keys are read and ended as podcast_owner: through MIGRATION_DATABASE_URL where that is set.',
    )
    .action((keyId: string, options: HolderOptions) => revokeKey(io, keyId, options));
  return key;
}

function platformOption(): Option {
  return new Option('--platform', 'a platform key (pp_live_…), which belongs to no tenant').conflicts(
    'tenant',
  );
}

async function listKeys(io: CommandIo, options: HolderOptions): Promise<void> {
  const opened = await openSettings(io, options.data);
  try {
    const table = options.platform ? await platformTable(opened) : await tenantTable(opened, options);
    io.print(renderTable(table.titles, table.rows, io.columns));
  } finally {
    await opened.close();
  }
}

interface KeyTable {
  titles: string[];
  rows: string[][];
}

async function tenantTable({ settings }: OpenedSettings, options: HolderOptions): Promise<KeyTable> {
  const keys = await asTenant(settings, options.tenant, (service) => service.list());
  return {
    titles: ['key id', 'kind', 'scopes', 'state', 'last used', 'name'],
    rows: keys.map((key) => [
      key.keyId,
      key.kind,
      key.scopes.join(',') + (key.trustedSender ? ' trusted' : ''),
      stateOf(key),
      key.lastUsedAt?.toISOString() ?? 'never',
      key.name,
    ]),
  };
}

async function platformTable(opened: OpenedSettings): Promise<KeyTable> {
  const keys = await asOwner(opened, listPlatformKeys);
  return {
    titles: ['key id', 'state', 'created', 'name'],
    rows: keys.map((key) => [key.keyId, stateOf(key), key.createdAt.toISOString(), key.name]),
  };
}

function stateOf({
  revokedAt,
  expiresAt = null,
}: {
  revokedAt: Date | null;
  expiresAt?: Date | null;
}): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= new Date() ? 'expired' : 'active';
}

async function revokeKey(io: CommandIo, keyId: string, options: HolderOptions): Promise<void> {
  const opened = await openSettings(io, options.data);
  try {
    const key = options.platform
      ? await asOwner(opened, (owner) => revokePlatformKey(owner, keyId))
      : await asTenant(opened.settings, options.tenant, (keys) => keys.revoke(keyId));
    io.print(`Revoked ${key.keyId} (${key.name}) at ${key.revokedAt?.toISOString() ?? 'unknown'}`);
  } finally {
    await opened.close();
  }
}
