import { DomainError } from '@lib/primitives';

/** The requests of a day were hashed under keys that are destroyed, so that its listeners cannot be recognised. */
export function importDayClosed(day: string): DomainError {
  return new DomainError(
    'import_day_closed',
    409,
    `Requests of ${day} were imported before, under keys that are destroyed since: their listeners would be counted ` +
      'twice. Import all logs of that day again with --replace (replace=true).',
  );
}

/** Somebody else imports the same file. */
export function importRunning(): DomainError {
  return new DomainError('import_running', 409, 'This file is being imported already.');
}

/** None of the first requests asks for an episode that the tenant has. */
export function noEpisodeMatches(hosts: readonly string[]): DomainError {
  const named =
    hosts.length === 0 ? 'the log names no host (use --host)' : `hosts asked: ${hosts.join(', ')}`;
  return new DomainError(
    'no_episode_matches',
    422,
    `None of the first requests asks for an episode of this tenant; ${named}. Import the feed first, or name the host ` +
      'as the feed does (--host, --host-alias). Nothing was stored.',
  );
}

/** The file ends in the middle, or is not what its beginning says. What came before is stored. */
export function logDamaged(line: number): DomainError {
  return new DomainError(
    'log_damaged',
    422,
    `The file is cut or damaged after line ${line}. The lines before are stored; import the complete file.`,
  );
}

/** There is no partition for a day, and this process may not make one. */
export function dayNotPrepared(): DomainError {
  return new DomainError(
    'day_not_prepared',
    422,
    'The log tells of days from before this installation, for which only the command line may prepare the tables: use ' +
      'podcast import log. What came before is stored.',
  );
}
