import { applyDecorators, Controller, Get, Query, type Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { Access, problemResponse, ReadsReplica } from '@lib/http';
import { CachedAnswer } from '../serving/cached-answer.js';
import { AudienceService } from '../../application/audience/audience.service.js';
import { ConcentrationService } from '../../application/audience/concentration.service.js';
import { OverlapService } from '../../application/audience/overlap.service.js';
import { ReturningService } from '../../application/audience/returning.service.js';
import { SubscribersService } from '../../application/audience/subscribers.service.js';
import {
  AudienceQueryDto,
  OverlapQueryDto,
  ShowsQueryDto,
  SubscribersQueryDto,
} from './audience-query.dto.js';
import { AudienceAnswerDto } from './audience.dto.js';
import {
  ConcentrationAnswerDto,
  OverlapAnswerDto,
  ReturningAnswerDto,
  SubscribersAnswerDto,
} from './single-listeners.dto.js';

/** The answer's type and what every question about listeners can be refused for. */
function answers(
  type: Type,
  code = 'audience_period_exceeded',
  tooLong = 'the range is too long or lies in two key periods',
) {
  return applyDecorators(
    ApiOkResponse({ type }),
    ApiBadRequestResponse(
      problemResponse(
        `The question is not valid, ${tooLong}, or retention has removed what it takes: single downloads ` +
          '(before_download_horizon) or listeners of UTC days (before_day_horizon)',
        400,
        code,
      ),
    ),
    ApiNotFoundResponse(problemResponse('No such podcast or episode', 404, 'podcast_not_found')),
    ApiUnprocessableEntityResponse(
      problemResponse(
        'It would take more than 1,000,000 rows; the answer names what is affordable',
        422,
        'query_too_expensive',
      ),
    ),
  );
}

const ONE_PERIOD =
  'The range must lie in one key period, as every range of at most half a period (45 days unless set otherwise) does.';

/** Who listened, without naming anybody. Every answer says how fresh and how exact it is. */
@ApiTags('metrics')
@Access('read')
@ReadsReplica()
@Controller('v1/metrics/audience')
export class AudienceController {
  constructor(
    private readonly audienceService: AudienceService,
    private readonly overlapService: OverlapService,
    private readonly returningService: ReturningService,
    private readonly concentrationService: ConcentrationService,
    private readonly subscribersService: SubscribersService,
  ) {}

  @Get()
  @CachedAnswer()
  @ApiOperation({
    summary: 'Unique listeners of a range',
    description:
      'Different listeners of the network, of any of some podcasts, or of an episode: a union, never a sum. Counted while ' +
      'each podcast or episode has at most 2,500 listeners a UTC day, estimated with a standard error of at most 2 % ' +
      'beyond that. Listeners are told apart by keys that change, so a range longer than half a key period may have ' +
      'bounds only: the largest of its parts, and their sum. Parts of a UTC day, and everything asked for with app, ' +
      'device or country, are counted from downloads, as long as that takes at most 1,000,000 rows. At most a year and ' +
      '400 points.',
  })
  @answers(
    AudienceAnswerDto,
    'invalid_range',
    'the range is too long or has more than 400 points (too_many_buckets)',
  )
  audience(
    @Query() { podcastId, app, device, country, ...query }: AudienceQueryDto,
  ): Promise<AudienceAnswerDto> {
    const filter = { apps: app ?? null, devices: device ?? null, countries: country ?? null };
    return this.audienceService.answer({ ...query, ...filter, podcastIds: podcastId });
  }

  @Get('overlap')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Listeners that podcasts share',
    description: `Each two of 2 to 10 podcasts: listeners of both, as shares of either. ${ONE_PERIOD}`,
  })
  @answers(OverlapAnswerDto)
  overlap(@Query() { podcastId, ...query }: OverlapQueryDto): Promise<OverlapAnswerDto> {
    return this.overlapService.answer({ ...query, podcastIds: podcastId });
  }

  @Get('returning')
  @CachedAnswer()
  @ApiOperation({
    summary: 'New and returning listeners',
    description:
      'Returning is a listener of the range who had downloaded something of the same scope before it. How far back that is ' +
      `known, the answer says as comparedSince. ${ONE_PERIOD}`,
  })
  @answers(ReturningAnswerDto)
  returning(@Query() { podcastId, ...query }: ShowsQueryDto): Promise<ReturningAnswerDto> {
    return this.returningService.answer({ ...query, podcastIds: podcastId });
  }

  @Get('concentration')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Share of downloads from the most active listeners',
    description: `Counted exactly, from at most 1,000,000 downloads of the network in the range. ${ONE_PERIOD}`,
  })
  @answers(ConcentrationAnswerDto)
  concentration(@Query() { podcastId, ...query }: ShowsQueryDto): Promise<ConcentrationAnswerDto> {
    return this.concentrationService.answer({ ...query, podcastIds: podcastId });
  }

  @Get('subscribers')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Apps of a podcast’s subscribers',
    description:
      'No log says who subscribes, and no guideline defines it. The rule here is our own: a subscriber is a listener who ' +
      'downloaded, within 48 hours of publication, at least half and at least two of the episodes that came out in the ' +
      `range at least 48 hours before its end. Counted exactly from downloads. ${ONE_PERIOD}`,
  })
  @answers(SubscribersAnswerDto)
  subscribers(@Query() query: SubscribersQueryDto): Promise<SubscribersAnswerDto> {
    return this.subscribersService.answer(query);
  }
}
