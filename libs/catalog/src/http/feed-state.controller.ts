import { Controller, Get, HttpCode, Post, SerializeOptions } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { Access, problemResponse, UuidParam } from '@lib/http';
import { FeedStateService } from '../application/feed-state.service.js';
import { FeedStateDto } from './feed-state.dto.js';

const NOT_FOUND = problemResponse('The tenant has no such podcast', 404, 'podcast_not_found');

/** How the polling of a podcast's feed stands. The worker polls; nothing is fetched here. */
@ApiTags('catalog')
@Controller('v1/podcasts/:id/feed')
export class FeedStateController {
  constructor(private readonly feeds: FeedStateService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'See when a podcast’s feed is polled, and what failed',
    description:
      'A feed is polled every FEED_POLL_INTERVAL_MINUTES. Permanent redirects and itunes:new-feed-url change its address.',
  })
  @ApiOkResponse({ type: FeedStateDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @SerializeOptions({ type: FeedStateDto, strategy: 'excludeAll' })
  get(@UuidParam('id') id: string): Promise<object> {
    return this.feeds.get(id);
  }

  @Post('check')
  @Access('write')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Have a podcast’s feed polled now',
    description:
      'The worker does it within seconds, also where the feed was given up. Not sooner than two minutes after the last poll.',
  })
  @ApiAcceptedResponse({ type: FeedStateDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(problemResponse('The podcast is archived or has no feed', 409, 'feed_not_polled'))
  @ApiTooManyRequestsResponse(
    problemResponse('The feed was polled a moment ago', 429, 'feed_checked_recently'),
  )
  @SerializeOptions({ type: FeedStateDto, strategy: 'excludeAll' })
  check(@UuidParam('id') id: string): Promise<object> {
    return this.feeds.check(id);
  }
}
