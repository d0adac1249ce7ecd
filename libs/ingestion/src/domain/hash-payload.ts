import { hash } from 'node:crypto';

/** Version of the rule below; stored with each hash, and only hashes of one version are compared. */
export const PAYLOAD_HASH_VERSION = 1;

/** JSON with the keys of every object in order, so that two senders who order them differently say the same. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  const fields = value as Record<string, unknown>;
  // One growing text: sorting and joining lists of pairs takes twice as long, and every event comes by here.
  let text = '';
  for (const key of Object.keys(fields).sort()) {
    if (fields[key] === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(fields[key])}`;
  }
  return `{${text}}`;
}

/** The first 64 bits of SHA-256, as the signed integer that PostgreSQL's `bigint` holds. */
export function hash64(text: string): bigint {
  return firstBits(hash('sha256', text, 'hex'));
}

/** The first 64 bits of a hash in hexadecimal. Reading them from text spares a buffer, the dearest part of a short hash. */
export function firstBits(hex: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`));
}

/** Tells a repeat from a contradiction: the same event sent twice has one hash. The client's address never enters it. */
export function hashPayload(event: object): bigint {
  const { client } = event as { client?: object };
  if (client === undefined) return hash64(canonicalJson(event));
  return hash64(canonicalJson({ ...event, client: { ...client, ip: undefined } }));
}
