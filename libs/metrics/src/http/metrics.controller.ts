import { applyDecorators, Controller, Get, Query, type Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, problemResponse, ReadsReplica } from '@lib/http';
import { RecountService } from '../application/recount.service.js';
import { SeriesService } from '../application/series.service.js';
import { TopEpisodesService } from '../application/top-episodes.service.js';
import { TotalsService } from '../application/totals.service.js';
import { SeriesQueryDto, TopEpisodesQueryDto, TotalsQueryDto } from './metrics-query.dto.js';
import { CachedAnswer } from './serving/cached-answer.js';
import { EpisodeRangeQueryDto } from './range-query.dto.js';
import { RecountAnswerDto, SeriesAnswerDto, TopEpisodesAnswerDto, TotalsAnswerDto } from './metrics.dto.js';

/** The answer's type and what every question can be refused for. */
function answers(
  type: Type,
  refusals = 'The question is not valid, the range is too long, or counts of its time are gone (before_hour_horizon)',
) {
  return applyDecorators(
    ApiOkResponse({ type }),
    ApiBadRequestResponse(problemResponse(refusals, 400, 'invalid_range')),
    ApiNotFoundResponse(problemResponse('No such podcast or episode', 404, 'podcast_not_found')),
  );
}

/** Event counts of the caller's tenant. Every answer says how fresh it is. */
@ApiTags('metrics')
@Access('read')
@ReadsReplica()
@Controller('v1/metrics')
export class MetricsController {
  constructor(
    private readonly seriesService: SeriesService,
    private readonly totalsService: TotalsService,
    private readonly topEpisodesService: TopEpisodesService,
    private readonly recountService: RecountService,
  ) {}

  @Get('series')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Event counts over time',
    description:
      'Points by hour, day, week or month of a local clock; days on which the clock is changed have 23 or 25 hours. ' +
      'At most 800 points and 10 years.',
  })
  @answers(
    SeriesAnswerDto,
    'The question is not valid, the range is too long, it has more than 800 points (too_many_buckets), or counts of its ' +
      'time are gone (before_hour_horizon)',
  )
  series(@Query() { metric, ...query }: SeriesQueryDto): Promise<SeriesAnswerDto> {
    return this.seriesService.answer({ ...query, metrics: metric });
  }

  @Get('totals')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Event counts of a range',
    description:
      'Every metric at every level of evidence, optionally beside the range before. At most 10 years.',
  })
  @answers(TotalsAnswerDto)
  totals(@Query() { compare, ...query }: TotalsQueryDto): Promise<TotalsAnswerDto> {
    return this.totalsService.answer(query, compare === 'previous');
  }

  @Get('top-episodes')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Episodes with the most events',
    description: 'One ranking for each level of evidence of the metric. At most 10 years.',
  })
  @answers(TopEpisodesAnswerDto)
  topEpisodes(@Query() { limit, ...query }: TopEpisodesQueryDto): Promise<TopEpisodesAnswerDto> {
    return this.topEpisodesService.answer({ ...query, limit: limit ?? 10 });
  }

  @Get('recount')
  @ApiOperation({
    summary: 'Check rollups against raw events',
    description:
      'Counts events twice in one snapshot: from rollups and from stored events, row by row. At most 31 days, and not ' +
      'before the oldest raw event that is kept (before_raw_horizon). Downloads come about by rules: how, from every ' +
      'request, is answered by /v1/metrics/explain. Listen time follows from the 5 minutes before, too, and is left out where ' +
      'those are gone.',
  })
  @answers(RecountAnswerDto)
  recount(@Query() query: EpisodeRangeQueryDto): Promise<RecountAnswerDto> {
    return this.recountService.answer(query);
  }
}
