import { SCOPES, type Scope } from '@lib/http';
import { createPlatformKey, type KeyRequest } from '@lib/tenants';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommandIo } from '../command-io.js';
import { CommandFailed } from '../command.errors.js';
import { dataOption } from '../data-option.js';
import { openSettings } from '../open-settings.js';
import { asOwner } from './as-owner.js';
import { asTenant } from './as-tenant.js';
import { parseTenant } from './parse-tenant.js';

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

/** `podcast key create`: mints a key of a tenant or of the platform. */
export function createKeyCommand(io: CommandIo): Command {
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
        ? await asOwner(opened, (owner) =>
            createPlatformKey(owner, opened.settings.apiKeyPepper, options.name),
          )
        : await asTenant(opened.settings, options.tenant, (keys) => keys.create(keyRequest(options))).then(
            (created) => created.credential,
          );
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
