import { Ajv } from 'ajv';
import { ListRejected } from '../domain/classification/list.errors.js';
import { CATEGORIES, type ListEntry, type ListFile } from '../domain/classification/list-entry.js';
import { LIST_FILE_BYTES, LIST_LIMITS } from '../domain/classification/list-limits.js';

interface ParsedFile {
  readonly entries: readonly ListEntry[];
}

const text = (maxLength: number, minLength = 0) => ({ type: 'string', minLength, maxLength });
const date = { type: 'string', pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' };

/** The format of opawg/user-agents-v2. Fields that it may gain later are let pass. */
const matchesSchema = new Ajv().compile<ParsedFile>({
  type: 'object',
  required: ['entries'],
  properties: {
    comments: { type: 'array', items: { type: 'string' } },
    entries: {
      type: 'array',
      maxItems: LIST_LIMITS.entries,
      items: {
        type: 'object',
        required: ['name', 'pattern'],
        properties: {
          name: text(LIST_LIMITS.nameCharacters, 1),
          pattern: text(LIST_LIMITS.patternCharacters, 1),
          category: { type: 'string' },
          description: { type: 'string' },
          svg: { type: 'string' },
          comments: { type: 'string' },
          urls: { type: 'array', items: { type: 'string' } },
          examples: {
            type: 'array',
            maxItems: LIST_LIMITS.examples,
            items: text(LIST_LIMITS.exampleCharacters),
          },
          from: date,
          until: date,
          catchAll: { type: 'boolean' },
        },
      },
    },
  },
});

/**
 * Reads one file of a list that somebody else wrote: nothing in it is believed before it is checked. A file without
 * entries is refused, too: with it in force nothing of its kind would be known, no bot for example.
 * @throws ListRejected
 */
export function parseListFile(file: ListFile, bytes: Uint8Array): ListEntry[] {
  if (bytes.length > LIST_FILE_BYTES) {
    throw new ListRejected('list_too_large', `${file}: more than ${LIST_FILE_BYTES} bytes`);
  }
  const value = parseJson(file, bytes);
  if (!matchesSchema(value)) {
    const [first] = matchesSchema.errors ?? [];
    throw new ListRejected('list_invalid', `${file}${first?.instancePath ?? ''} ${first?.message ?? ''}`);
  }
  if (value.entries.length === 0) throw new ListRejected('list_empty', `${file}: there is no entry`);
  const names = new Set<string>();
  return value.entries.map((entry) => {
    checkEntry(file, entry, names);
    const { name, pattern, category, from, until, catchAll, examples } = entry;
    return { name, pattern, category, from, until, catchAll, examples };
  });
}

function parseJson(file: ListFile, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ListRejected('list_unreadable', `${file} is not JSON in UTF-8: ${(error as Error).message}`);
  }
}

/** What the schema cannot say. Adds the entry's name to `names`. */
function checkEntry(file: ListFile, entry: ListEntry, names: Set<string>): void {
  const { name, category, from, until } = entry;
  const refuse = (fault: string) => new ListRejected('list_invalid', `${file}: "${name}" ${fault}`);
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) throw refuse('has a name that cannot be shown');
  if (names.has(name)) throw refuse('stands there twice');
  names.add(name);
  const allowed: readonly string[] = CATEGORIES[file];
  if (category !== undefined && !allowed.includes(category)) {
    throw refuse(`has the category ${category}; ${file} have ${allowed.join(', ') || 'none'}`);
  }
  if ([from, until].some((day) => day !== undefined && !isDate(day))) throw refuse('has an impossible date');
  if (from !== undefined && until !== undefined && from >= until) throw refuse('ends before it begins');
}

function isDate(day: string): boolean {
  const parsed = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(day);
}
