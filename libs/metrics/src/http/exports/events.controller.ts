import { Controller, Get, Query, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { Access, Caller, OwnTransactions, problemResponse, type TenantPrincipal } from '@lib/http';
import type { FastifyReply } from 'fastify';
import { EventsService, type ReadsLeft } from '../../application/exports/events.service.js';
import { EventsPageDto, EventsQueryDto, type EventDto } from './events.dto.js';
import { toEvent } from './to-event.js';

/** Raw events out, for whoever counts for themselves. */
@ApiTags('exports')
@Controller('v1/events')
@Access('raw')
@OwnTransactions()
export class RawEventsController {
  constructor(private readonly events: EventsService) {}

  @Get()
  @ApiOperation({
    summary: 'Read raw events, page by page',
    description:
      'Takes a key with the scope `raw`, which no dashboard needs. Keyed ids of listeners and addresses, paths and whole ' +
      'user agents are not shown. Limited per tenant; RateLimit says what is left.',
  })
  @ApiOkResponse({ type: EventsPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_range'))
  @ApiNotFoundResponse(problemResponse('No such podcast or episode', 404, 'podcast_not_found'))
  @ApiTooManyRequestsResponse(problemResponse('It was asked too often; see Retry-After', 429, 'rate_limited'))
  async list(
    @Caller() caller: TenantPrincipal,
    @Query() { order = 'oldest', limit = 100, ...query }: EventsQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EventsPageDto> {
    await this.events.countRead(caller, (left) => tellReadsLeft(reply, left));
    const { items, ...page } = await this.events.read(caller, { ...query, order, limit });
    return { ...page, items: items.map((item): EventDto => toEvent(item)) };
  }
}

/** As IETF draft-ietf-httpapi-ratelimit-headers-10 §3 has it. */
function tellReadsLeft(reply: FastifyReply, { limit, remaining, resetSeconds }: ReadsLeft): void {
  void reply
    .header('ratelimit-policy', `"events";q=${limit};w=60`)
    .header('ratelimit', `"events";r=${remaining};t=${resetSeconds}`);
}
