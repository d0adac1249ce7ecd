import { DomainError } from '@lib/primitives';
import { toNginxFormat } from './to-nginx-format.js';

/** A log format as literal text and the variables between. */
export interface LogFormat {
  /** What each line begins with. */
  readonly lead: string;
  /** The variables in their order, each up to the text that follows it; empty after the last one where nothing does. */
  readonly variables: readonly { readonly name: string; readonly until: string }[];
}

const COMMON = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent';
const COMBINED = `${COMMON} "$http_referer" "$http_user_agent"`;

/**
 * The formats that go by a name. `combined_range` also reads lines with another field in the last place, such as the
 * address that a proxy forwards: what is no range is not kept.
 */
export const NAMED_FORMATS: Readonly<Record<string, string>> = {
  common: COMMON,
  combined: COMBINED,
  combined_range: `${COMBINED} "$http_range"`,
};

const NEEDED: readonly (readonly [string, ...string[]])[] = [
  ['remote_addr'],
  ['time_local', 'time_iso8601', 'msec'],
  ['request', 'request_uri', 'uri'],
  ['status'],
];

/**
 * Reads a format as nginx's `log_format` or Apache's `LogFormat` has it. Variables that mean nothing here are skipped
 * over when lines are read.
 * @throws DomainError `log_format_invalid` for two variables without text between, or when one is missing that every
 *   request needs: the address, a time, the request, the status
 */
export function compileLogFormat(format: string): LogFormat {
  const text = /%[^%\s]/.test(format) && !format.includes('$') ? toNginxFormat(format) : format;
  const [lead = '', ...rest] = text.split(/\$(?:\{([a-z0-9_]+)\}|([a-z0-9_]+))/i);
  const variables: { name: string; until: string }[] = [];
  for (let index = 0; index < rest.length; index += 3) {
    const name = (rest[index] ?? rest[index + 1] ?? '').toLowerCase();
    variables.push({ name, until: rest[index + 2] ?? '' });
  }
  const glued = variables.slice(0, -1).find(({ until }) => until === '');
  if (glued) throw invalid(`nothing stands between $${glued.name} and what follows it`);
  for (const names of NEEDED) {
    if (!names.some((name) => variables.some((variable) => variable.name === name)))
      throw invalid(`it has none of ${names.map((name) => `$${name}`).join(', ')}`);
  }
  return { lead, variables };
}

function invalid(reason: string): DomainError {
  return new DomainError('log_format_invalid', 400, `This log format cannot be read: ${reason}.`);
}
