import { applyDecorators, Controller, Get, Query, type Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, problemResponse, ReadsReplica } from '@lib/http';
import { BackCatalogueService } from '../../application/releases/back-catalogue.service.js';
import { ForecastService } from '../../application/releases/forecast.service.js';
import { ReleaseCurveService } from '../../application/releases/release-curve.service.js';
import { ReleasesService } from '../../application/releases/releases.service.js';
import { CachedAnswer } from '../serving/cached-answer.js';
import { BackCatalogueAnswerDto } from './catalogue-share.dto.js';
import { ForecastAnswerDto } from './forecast.dto.js';
import {
  BackCatalogueQueryDto,
  ForecastQueryDto,
  ReleaseCurveQueryDto,
  ReleasesQueryDto,
} from './releases-query.dto.js';
import { ReleaseCurveAnswerDto, ReleasesAnswerDto } from './releases.dto.js';

/** The answer's type and what the question can be refused for. */
function answers(type: Type, refusal: string, code: string, missing: string, missingCode: string) {
  return applyDecorators(
    ApiOkResponse({ type }),
    ApiBadRequestResponse(problemResponse(refusal, 400, code)),
    ApiNotFoundResponse(problemResponse(missing, 404, missingCode)),
  );
}

/** Downloads by the age of episodes. Every answer says how fresh it is. */
@ApiTags('metrics')
@Access('read')
@ReadsReplica()
@Controller('v1/metrics')
export class ReleasesController {
  constructor(
    private readonly releasesService: ReleasesService,
    private readonly curveService: ReleaseCurveService,
    private readonly catalogueService: BackCatalogueService,
    private readonly forecastService: ForecastService,
  ) {}

  @Get('releases')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Episodes beside each other at the same age',
    description:
      'Downloads within 1, 7, 30, 60 and 90 days since publication of every published episode, at every level of evidence, ' +
      'and where they stand among the show’s earlier episodes. A day of age is 24 hours.',
  })
  @answers(
    ReleasesAnswerDto,
    'A parameter is not valid',
    'invalid_cursor',
    'No such podcast',
    'podcast_not_found',
  )
  releases(@Query() { limit = 20, ...query }: ReleasesQueryDto): Promise<ReleasesAnswerDto> {
    return this.releasesService.answer({ ...query, limit });
  }

  @Get('release-curve')
  @CachedAnswer()
  @ApiOperation({
    summary: 'How downloads add up since publication',
    description:
      'Cumulative downloads of up to 10 episodes, by hour for the first 7 days and by day up to 366 days, beside the median ' +
      'and the quartiles of their shows’ other episodes.',
  })
  @answers(
    ReleaseCurveAnswerDto,
    'A parameter is not valid, or retention has removed a curve (release_not_kept)',
    'invalid_input',
    'No such episode',
    'episode_not_found',
  )
  releaseCurve(@Query() { episodeId, days = 90 }: ReleaseCurveQueryDto): Promise<ReleaseCurveAnswerDto> {
    return this.curveService.answer(episodeId, days);
  }

  @Get('back-catalogue')
  @CachedAnswer()
  @ApiOperation({
    summary: 'The back catalogue’s share of downloads',
    description:
      'How many downloads of a range were of episodes that were older than some days (30 unless given) at the time of the ' +
      'download: of every podcast and in total. At most 10 years and 800 points.',
  })
  @answers(
    BackCatalogueAnswerDto,
    'The question is not valid, the range is too long, has more than 800 points (too_many_buckets), needs more stored ' +
      'numbers than one answer may read (answer_too_costly), or counts of its time are gone (before_hour_horizon)',
    'invalid_range',
    'No such podcast',
    'podcast_not_found',
  )
  backCatalogue(
    @Query() { olderThanDays = 30, ...query }: BackCatalogueQueryDto,
  ): Promise<BackCatalogueAnswerDto> {
    return this.catalogueService.answer({ ...query, olderThanDays });
  }

  @Get('forecast')
  @CachedAnswer()
  @ApiOperation({
    summary: 'What an episode is going to reach',
    description:
      'Expected downloads at a horizon: those so far, divided by the share of the horizon’s downloads that the show’s ' +
      'earlier episodes had at the same age, with an interval that holds 80 % of all cases. It takes 9 earlier episodes ' +
      'whose own horizon has passed, 24 hours since publication and 10 downloads; with less it gives no number.',
  })
  @answers(
    ForecastAnswerDto,
    'A parameter is not valid, or retention has removed the totals of the episode (release_not_kept)',
    'invalid_input',
    'No such episode',
    'episode_not_found',
  )
  forecast(@Query() { episodeId, days }: ForecastQueryDto): Promise<ForecastAnswerDto> {
    return this.forecastService.answer(episodeId, days);
  }
}
