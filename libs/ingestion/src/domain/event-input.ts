import { EVENT_TYPES, type EventType } from './event-type.js';

/** An event as a sender writes it. */
export interface EventInput {
  id: string;
  type: EventType;
  occurredAt: string;
  episodeId: string;
  sessionId?: string;
  positionMs?: number;
  placementId?: string;
  client?: { ip?: string; userAgent?: string; referrer?: string };
  request?: { method: string; status?: number; bytes?: number; range?: string };
  consent?: { gdpr?: '0' | '1'; gdprConsent?: string; secGpc?: '1'; dnt?: '1' };
  data?: Record<string, unknown>;
}

const UUID = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';

/**
 * The one description of an event: compiled by ajv to check it, shown in the OpenAPI document. Text limits are in
 * characters; `data` and the event as a whole are limited in bytes elsewhere.
 */
export const EVENT_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'type', 'occurredAt', 'episodeId'],
  properties: {
    id: {
      type: 'string',
      minLength: 26,
      maxLength: 36,
      description: 'UUID or ULID, minted by the sender. A retry repeats it.',
    },
    type: { type: 'string', enum: EVENT_TYPES },
    occurredAt: {
      type: 'string',
      maxLength: 40,
      description: 'RFC 3339 with a zone, at most milliseconds. A retry repeats it.',
    },
    episodeId: { type: 'string', pattern: UUID },
    sessionId: {
      type: 'string',
      minLength: 1,
      maxLength: 64,
      description: 'Opaque; groups the events of one listening.',
    },
    positionMs: {
      type: 'integer',
      minimum: 0,
      maximum: 2_147_483_647,
      description: 'Position in the episode; of a seek, where it went.',
    },
    placementId: { type: 'string', pattern: UUID, description: 'The ad, for ad_delivered and ad_play.' },
    client: {
      type: 'object',
      additionalProperties: false,
      description:
        'Believed only from keys marked as trusted sender; otherwise the connection speaks for itself.',
      properties: {
        ip: { type: 'string', minLength: 2, maxLength: 64 },
        userAgent: { type: 'string', maxLength: 2048 },
        referrer: { type: 'string', maxLength: 2048 },
      },
    },
    request: {
      type: 'object',
      additionalProperties: false,
      required: ['method'],
      description: 'Only for download_request.',
      properties: {
        method: { type: 'string', pattern: '^[A-Z]{3,10}$' },
        status: { type: 'integer', minimum: 0, maximum: 999 },
        bytes: {
          type: 'integer',
          minimum: 0,
          maximum: 9_007_199_254_740_991,
          description: 'Bytes of the body that were served.',
        },
        range: { type: 'string', maxLength: 256 },
      },
    },
    consent: {
      type: 'object',
      additionalProperties: false,
      description:
        'What the listener’s consent dialogue and browser said. Decides whether ids are made, and is not stored. Without ' +
        'it, the headers Sec-GPC and DNT of a sender that is not trusted speak.',
      properties: {
        gdpr: { type: 'string', enum: ['0', '1'], description: 'Whether European law applies.' },
        gdprConsent: { type: 'string', maxLength: 8192, description: 'TC string of the TCF.' },
        secGpc: { type: 'string', enum: ['1'] },
        dnt: { type: 'string', enum: ['1'] },
      },
    },
    data: {
      type: 'object',
      additionalProperties: true,
      description: 'Anything else, at most 8 KiB as JSON. Never personal data.',
    },
  },
} as const;
