import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { TestDatabase } from './test-database.js';

/** A place where something is kept, and all that it holds, as text. */
export interface Place {
  readonly name: string;
  readonly text: string;
}

/**
 * Every row of every table, in every schema that is ours or a library's. TimescaleDB does not let the empty parents of its
 * compressed chunks be read; the chunks are.
 */
export async function tablesAsText({ owner }: TestDatabase): Promise<Place[]> {
  const { rows: tables } = await owner.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^(pg_|information_schema)'
       AND c.relname !~ '^_compressed_hypertable_'`,
  );
  const places: Place[] = [];
  for (const { name } of tables) {
    const { rows } = await owner.query<{ text: string | null }>(
      `SELECT string_agg(t::text, E'\\n') AS text FROM ${name} t`,
    );
    places.push({ name: `table ${name}`, text: rows[0]?.text ?? '' });
  }
  return places;
}

/** A logical dump, as a backup takes it; nothing where `pg_dump` is missing, or older than the server. */
export function dumpAsText({ urls }: TestDatabase): Place[] {
  const dump = spawnSync('pg_dump', ['--dbname', urls.owner], { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (dump.error !== undefined || dump.stderr.includes('server version mismatch')) return [];
  if (dump.status !== 0) throw new Error(`pg_dump failed: ${dump.stderr}`);
  return [{ name: 'pg_dump', text: dump.stdout }];
}

/** Every key and value of Redis; nothing where there is none. */
export async function redisAsText({ redisUrl }: TestDatabase): Promise<Place[]> {
  if (redisUrl === null) return [];
  const redis = new Redis(redisUrl);
  const lines: string[] = [];
  for (const key of await redis.keys('*')) lines.push(key, JSON.stringify(await readKey(redis, key)));
  await redis.quit();
  return [{ name: 'redis', text: lines.join('\n') }];
}

async function readKey(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, 0, -1, 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return null;
  }
}

/** Every file below a directory; nothing where it does not exist. */
export function filesAsText(directory: string): Place[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({
      name: `file ${name}`,
      text: readFileSync(join(parentPath, name), 'latin1'),
    }));
}

/** Where a text is found, as it is or in a form in which it could have been kept. */
export function search(places: readonly Place[], text: string): string[] {
  const bytes = Buffer.from(text);
  const forms = [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1), bytes.toString('hex')];
  // The middle of its base64 is the same wherever it stands, at one of three offsets.
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    forms.push(encoded.slice(4, -4));
  }
  return places.filter((place) => forms.some((form) => place.text.includes(form))).map(({ name }) => name);
}
