import { DAY_MS } from '@lib/primitives';
import { Ajv, type ErrorObject } from 'ajv';
import type { CheckedEvent } from '../domain/checked-event.js';
import { EVENT_SCHEMA, type EventInput } from '../domain/event-input.js';
import { findUnstorable } from '../domain/find-unstorable.js';
import { hashPayload } from '../domain/hash-payload.js';
import { parseEventId } from '../domain/parse-event-id.js';
import { parseOccurredAt, storedTime } from '../domain/parse-occurred-at.js';
import { reject, type Rejection } from '../domain/rejection.js';

export { EVENT_SCHEMA } from '../domain/event-input.js';

const FUTURE_SKEW_MS = 5 * 60_000;
const MAX_DATA_BYTES = 8 * 1024;

export interface CheckLimits {
  maxEventBytes: number;
  acceptanceDays: number;
}

// strictNumbers keeps Infinity out; no coercion and no removal: input is refused, never changed.
const matchesSchema = new Ajv({
  strictSchema: false,
  strictNumbers: true,
  allErrors: false,
}).compile<EventInput>(EVENT_SCHEMA);

/**
 * Judges one event of a batch by everything that needs no database: storable text and numbers, size, shape, id and time.
 * An event lies inside the window when `now − acceptance < occurredAt ≤ now + 5 minutes`.
 */
export function checkEvent(event: unknown, now: Date, limits: CheckLimits): CheckedEvent | Rejection {
  const unstorable = findUnstorable(event);
  if (unstorable !== undefined) return unstorable;
  if (!matchesSchema(event)) return schemaRejection(matchesSchema.errors?.[0]);
  const fault = tooLarge(event, limits.maxEventBytes) ?? wrongForType(event);
  if (fault !== undefined) return fault;
  const id = parseEventId(event.id);
  if (id === undefined) return reject('schema', '/id', 'must be a UUID or a ULID');
  const occurredAt = parseOccurredAt(event.occurredAt);
  if (typeof occurredAt === 'string') return reject('schema', '/occurredAt', occurredAt);
  if (occurredAt.getTime() > now.getTime() + FUTURE_SKEW_MS) {
    return reject('future', '/occurredAt', 'lies more than 5 minutes ahead of the server');
  }
  const input = inStoredForm(event, id, occurredAt);
  const tooOld = occurredAt.getTime() <= now.getTime() - limits.acceptanceDays * DAY_MS;
  return { input, id, occurredAt, payloadHash: hashPayload(input), tooOld };
}

/** One event has one form, however its sender writes ids and times. Most write that form: a copy would cost more than a look. */
function inStoredForm(event: EventInput, id: string, instant: Date): EventInput {
  const occurredAt = storedTime(event.occurredAt, instant);
  const episodeId = event.episodeId.toLowerCase();
  const isStored = id === event.id && occurredAt === event.occurredAt && episodeId === event.episodeId;
  return isStored ? event : { ...event, id, occurredAt, episodeId };
}

function tooLarge(event: EventInput, maxEventBytes: number): Rejection | undefined {
  const dataBytes = event.data === undefined ? 0 : Buffer.byteLength(JSON.stringify(event.data));
  if (dataBytes > MAX_DATA_BYTES)
    return reject('too_large', '/data', `may take at most ${MAX_DATA_BYTES} bytes as JSON`);
  // Every other field is bounded by the schema to a few KiB; only a small limit makes the exact size matter.
  if (dataBytes + 16_384 <= maxEventBytes || Buffer.byteLength(JSON.stringify(event)) <= maxEventBytes)
    return undefined;
  return reject('too_large', '', `an event may take at most ${maxEventBytes} bytes`);
}

function wrongForType({ type, request }: EventInput): Rejection | undefined {
  if (request !== undefined && type !== 'download_request') {
    return reject('schema', '/request', 'belongs to download_request only');
  }
  return undefined;
}

function schemaRejection(error: ErrorObject | undefined): Rejection {
  const params = (error?.params ?? {}) as { additionalProperty?: string; missingProperty?: string };
  const path = error?.instancePath ?? '';
  if (params.additionalProperty !== undefined) {
    return reject(
      'unknown_field',
      `${path}/${params.additionalProperty.slice(0, 100)}`,
      'there is no such field',
    );
  }
  if (params.missingProperty !== undefined)
    return reject('schema', `${path}/${params.missingProperty}`, 'is required');
  if (path === '/type' && error?.keyword === 'enum')
    return reject('unknown_type', path, 'is not a known event type');
  return reject('schema', path, error?.message ?? 'is not valid');
}
