import { createHash } from 'node:crypto';

/** Version of the rule below; stored with each hash, and only hashes of one version are compared. */
export const PAYLOAD_HASH_VERSION = 1;

/**
 * JSON with the keys of every object in order, so that two senders who order them differently say the same.
 * @param omit path of one field to leave out, such as `/client/ip`
 */
export function canonicalJson(value: unknown, omit = '', path = ''): string {
  if (Array.isArray(value))
    return `[${value.map((item) => canonicalJson(item, omit, `${path}/-`)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([key, field]) => field !== undefined && `${path}/${key}` !== omit)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field, omit, `${path}/${key}`)}`);
  return `{${fields.join(',')}}`;
}

/** The first 64 bits of SHA-256, as the signed integer that PostgreSQL's `bigint` holds. */
export function hash64(text: string | Buffer): bigint {
  return createHash('sha256').update(text).digest().readBigInt64BE(0);
}

/** Tells a repeat from a contradiction: the same event sent twice has one hash. The client's address never enters it. */
export function hashPayload(event: object): bigint {
  return hash64(canonicalJson(event, '/client/ip'));
}
