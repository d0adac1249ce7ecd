import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { Settings } from '@lib/config';
import {
  Access,
  Caller,
  OwnTransactions,
  problemResponse,
  retryDelay,
  type TenantPrincipal,
} from '@lib/http';
import { DomainError } from '@lib/primitives';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EVENT_SCHEMA } from '../application/check-event.js';
import { IngestService, type Connection } from '../application/ingest.service.js';
import { headerSignals } from './consent-signals.js';
import { batchAnswer } from './batch-answer.js';
import { BatchResultDto } from './events.dto.js';

/** The path of the batch route: its JSON is parsed without refusing a whole batch for one event's field names. */
export const BATCH_PATH = '/v1/events/batch';

const EXAMPLE = {
  events: [
    {
      id: '0192f8a4-7c1e-7b3a-9d52-3f6a8c0e1b47',
      type: 'play',
      occurredAt: '2026-10-17T06:15:00.250Z',
      episodeId: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      sessionId: 'a1b2c3',
      positionMs: 0,
    },
  ],
};

/** Events in. */
@ApiTags('ingestion')
@Controller()
export class EventsController {
  constructor(
    private readonly ingest: IngestService,
    private readonly settings: Settings,
  ) {}

  @Post(BATCH_PATH)
  @HttpCode(200)
  @Access('ingest')
  @OwnTransactions()
  @ApiOperation({
    summary: 'Store a batch of listener events',
    description:
      'Every event gets its own outcome. `accepted` and `duplicate` mean: stored, once. A batch may be sent again, ' +
      'unchanged, as often as needed: an event is its id and its time, so a repeat answers `duplicate`. Send gzip with ' +
      'Content-Encoding. Retry after 429 and 503 as Retry-After says.',
  })
  @ApiHeader({ name: 'content-encoding', required: false, enum: ['gzip'] })
  @ApiBody({
    schema: {
      type: 'object',
      required: ['events'],
      properties: { events: { type: 'array', maxItems: 1000, items: EVENT_SCHEMA as never } },
    },
    examples: { play: { summary: 'One play', value: EXAMPLE } },
  })
  @ApiOkResponse({ type: BatchResultDto })
  @ApiBadRequestResponse(problemResponse('The body is not {"events": […]}', 400, 'invalid_envelope'))
  @ApiPayloadTooLargeResponse(problemResponse('Too many events or too many bytes', 413, 'too_large'))
  @ApiUnsupportedMediaTypeResponse(
    problemResponse('Not JSON, or an encoding other than gzip', 415, 'unsupported_media_type'),
  )
  @ApiTooManyRequestsResponse(
    problemResponse('The tenant sends too fast; see Retry-After', 429, 'rate_limited'),
  )
  @ApiServiceUnavailableResponse(
    problemResponse('Nothing may be assumed stored; send again after Retry-After', 503, 'not_persisted'),
  )
  async batch(
    @Caller() caller: TenantPrincipal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Body() body: unknown,
  ): Promise<void> {
    const events = this.envelope(body);
    const since = Date.now() - reply.elapsedTime;
    const outcomes = await this.ingest.ingest(caller, connectionOf(request), events, since);
    if (outcomes.includes('retry')) void reply.header('retry-after', String(retryDelay()));
    void reply.header('content-type', 'application/json; charset=utf-8').send(batchAnswer(events, outcomes));
  }

  private envelope(body: unknown): unknown[] {
    const { events, ...rest } = (typeof body === 'object' && body !== null ? body : {}) as {
      events?: unknown;
    };
    if (!Array.isArray(events) || events.length === 0) {
      throw new DomainError(
        'invalid_envelope',
        400,
        'The body must be {"events": […]} with at least one event.',
        { field: 'events' },
      );
    }
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) {
      throw new DomainError('invalid_envelope', 400, 'The body has a field beside "events".', {
        field: unknown.slice(0, 100),
      });
    }
    if (events.length > this.settings.ingestMaxBatchEvents) {
      throw new DomainError(
        'too_large',
        413,
        `A batch may hold at most ${this.settings.ingestMaxBatchEvents} events.`,
        { field: 'events' },
      );
    }
    return events;
  }
}

function connectionOf({ ip, headers }: FastifyRequest): Connection {
  return {
    address: ip,
    userAgent: headers['user-agent'],
    referrer: headers.referer,
    signals: headerSignals(headers),
  };
}
