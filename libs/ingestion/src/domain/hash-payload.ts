import { hash } from 'node:crypto';
import type { EventInput } from './event-input.js';

/** Version of the rule below; stored with each hash, and only hashes of one version are compared. */
export const PAYLOAD_HASH_VERSION = 1;

/** JSON with the keys of every object in order, so that two senders who order them differently say the same. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  const fields = value as Record<string, unknown>;
  // One growing text: to sort and join lists of pairs takes twice as long.
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

/**
 * Tells a repeat from a contradiction: the same event sent twice has one hash. The client's address never enters it, nor
 * consent, which says how to record the event and not what happened.
 *
 * Hashed is the JSON of the fields in this order, `data` as canonical JSON within a text. Every event comes by here, so
 * it is written out: JSON.stringify leaves its text in pieces, which the hash would have to put together.
 */
export function hashPayload(event: EventInput): bigint {
  const { client, request } = event;
  return hash64(
    // Checked before: an id, a name, a time and an id have nothing to escape.
    `{"id":"${event.id}","type":"${event.type}","occurredAt":"${event.occurredAt}","episodeId":"${event.episodeId}"` +
      textField('sessionId', event.sessionId) +
      numberField('positionMs', event.positionMs) +
      textField('placementId', event.placementId) +
      (client === undefined ? '' : `,"client":{${clientFields(client)}}`) +
      (request === undefined ? '' : `,"request":{${requestFields(request)}}`) +
      (event.data === undefined ? '' : textField('data', canonicalJson(event.data))) +
      '}',
  );
}

function clientFields({ userAgent, referrer }: NonNullable<EventInput['client']>): string {
  return (textField('userAgent', userAgent) + textField('referrer', referrer)).slice(1);
}

function requestFields({ method, status, bytes, range }: NonNullable<EventInput['request']>): string {
  const rest = numberField('status', status) + numberField('bytes', bytes) + textField('range', range);
  return `"method":"${method}"${rest}`;
}

const NOTHING_TO_ESCAPE = /^[ !#-[\]-~]*$/;

function textField(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  return `,"${name}":${NOTHING_TO_ESCAPE.test(value) ? `"${value}"` : JSON.stringify(value)}`;
}

function numberField(name: string, value: number | undefined): string {
  return value === undefined ? '' : `,"${name}":${value}`;
}
