import { Controller, Get, Header, Query, Req, StreamableFile } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiExtraModels,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import {
  Access,
  Caller,
  OwnTransactions,
  problemResponse,
  type AuthenticatedRequest,
  type TenantPrincipal,
} from '@lib/http';
import { LiveTotals } from '../../application/live/live-totals.js';
import { LiveQueryDto, LiveTotalsDto } from './live.dto.js';
import { LiveStreams } from './live-streams.js';

/** Numbers as they come in. */
@ApiTags('metrics')
@Access('read')
@Controller('v1/metrics')
export class LiveController {
  constructor(
    private readonly streams: LiveStreams,
    private readonly totals: LiveTotals,
  ) {}

  @Get('live')
  // Proxies that would wait until a page is full hand on each event.
  @Header('x-accel-buffering', 'no')
  // A process that ends would wait for a connection that is kept for the next request.
  @Header('connection', 'close')
  @OwnTransactions()
  @ApiOperation({
    summary: 'Today’s totals as they grow',
    description:
      'Server-sent events: at once, and then whenever numbers of the tenant change, an event `totals` with the totals of ' +
      'the running local day by podcast, as in LiveTotalsDto. An event shows up within two seconds of its arrival. The key ' +
      'goes into the Authorization header, so read the stream with fetch: EventSource cannot send headers. With the id of ' +
      'the last event as Last-Event-ID nothing is repeated that did not change. A slow reader skips to the newest totals. ' +
      'The stream ends after an hour, and when its key is revoked; ask again then.',
  })
  @ApiHeader({
    name: 'last-event-id',
    required: false,
    description: 'The id of the last event that was received.',
  })
  @ApiExtraModels(LiveTotalsDto)
  @ApiOkResponse({
    description: 'A stream of events whose data is a LiveTotalsDto',
    content: { 'text/event-stream': { schema: { $ref: getSchemaPath(LiveTotalsDto) } } },
  })
  @ApiBadRequestResponse(problemResponse('podcastId is not a UUID', 400, 'invalid_input'))
  @ApiNotFoundResponse(problemResponse('No such podcast', 404, 'podcast_not_found'))
  @ApiTooManyRequestsResponse(
    problemResponse('The tenant has too many streams open; see Retry-After', 429, 'too_many_streams'),
  )
  async live(
    @Caller() { tenantId }: TenantPrincipal,
    @Query() { podcastId }: LiveQueryDto,
    @Req() request: AuthenticatedRequest,
  ): Promise<StreamableFile> {
    if (podcastId !== undefined) await this.totals.requirePodcast(tenantId, podcastId);
    const lastId = request.headers['last-event-id'];
    const stream = await this.streams.start(tenantId, request, {
      podcastId: podcastId?.toLowerCase() ?? null,
      lastId: typeof lastId === 'string' ? lastId : undefined,
    });
    return new StreamableFile(stream, { type: 'text/event-stream; charset=utf-8' });
  }
}
