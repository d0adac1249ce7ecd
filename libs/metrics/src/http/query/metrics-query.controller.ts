import { Controller, Get, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { Access, problemResponse, ReadsReplica } from '@lib/http';
import { CachedAnswer } from '../serving/cached-answer.js';
import { MAX_POINTS, MetricsQueryService } from '../../application/query/metrics-query.service.js';
import { ListenersQueryService, MAX_AUDIENCES } from '../../application/query/listeners-query.service.js';
import { LISTENERS } from '../../application/metric-catalogue.js';
import { AFFORDABLE_ROWS } from '../../application/audience/audience-reader.js';
import { MetricsQueryDto } from './query-question.dto.js';
import { QueryAnswerDto } from './query-answer.dto.js';

const [ROWS, POINTS] = [AFFORDABLE_ROWS.toLocaleString('en'), MAX_POINTS.toLocaleString('en')];

/** The one grammar of questions about metrics. */
@ApiTags('metrics')
@Access('read')
@ReadsReplica()
@Controller('v1/metrics/query')
export class MetricsQueryController {
  constructor(
    private readonly queries: MetricsQueryService,
    private readonly listeners: ListenersQueryService,
  ) {}

  @Get()
  @CachedAnswer()
  @ApiOperation({
    summary: 'Numbers by podcast, episode, app, device and country',
    description:
      'Metrics of a range, filtered and split as asked, in the whole range or by bucket of a local clock, beside the range ' +
      'before where asked. A filter that is repeated takes any of its values; different filters must all hold; a value that ' +
      'nobody has counts 0. At most 10 years, 800 buckets and ' +
      `${POINTS} numbers (rows by buckets).\n\n` +
      'App, device and country of downloads are by the rule set that counted them; of events by the list that was in force ' +
      'when their user agent was new, and some seconds later than the totals: see `asOf`. One of the three, as a grouping or a ' +
      'filter, is answered from rollups by the hour. Two or three of them are there for `downloads` alone and are counted ' +
      `one by one: where the tenant has more than ${ROWS} downloads in the range, the question is refused ` +
      '(query_too_expensive). So is one of the three where broken hours of UTC, as in time zones that are half an hour off, ' +
      `hold more than ${ROWS} events; what retention has removed cannot be read so (before_raw_horizon, before_download_horizon).\n\n` +
      'Different listeners are a metric to be asked for alone: by podcast and episode, by day, week and month, with app, ' +
      'device and country as filters. Each of their numbers is a union and says how sure it is, as in ' +
      `\`/v1/metrics/audience\`; none of them add up. At most a year and ${MAX_AUDIENCES.toLocaleString('en')} audiences.`,
  })
  @ApiOkResponse({ type: QueryAnswerDto })
  @ApiBadRequestResponse(
    problemResponse(
      'The question is not valid, or asks for too much (range_too_long, too_many_buckets, too_many_points), or for a ' +
        'dimension that the metric does not have (dimension_not_available, one_dimension_only), or for listeners beside other ' +
        'metrics, by what they are not told apart or of too many groups (listeners_alone, listeners_not_apart, ' +
        'too_many_audiences), or for what is gone (before_hour_horizon, before_raw_horizon, before_download_horizon), ' +
        'or the cursor does not fit (invalid_cursor)',
      400,
      'invalid_range',
    ),
  )
  @ApiUnprocessableEntityResponse(
    problemResponse(
      `More than ${ROWS} rows would be read one by one; the detail names what is affordable`,
      422,
      'query_too_expensive',
    ),
  )
  query(@Query() asked: MetricsQueryDto): Promise<QueryAnswerDto> {
    const { metric, by, podcastId, episodeId, compare, order, limit, ...rest } = asked;
    const metrics = metric.filter((one) => one !== LISTENERS);
    const query = {
      ...rest,
      metrics,
      by: by ?? [],
      podcastIds: podcastId,
      episodeIds: episodeId,
      compare: compare === 'previous',
      order: order ?? 'value',
      limit: limit ?? 50,
    };
    return metrics.length < metric.length ? this.listeners.answer(query) : this.queries.answer(query);
  }
}
