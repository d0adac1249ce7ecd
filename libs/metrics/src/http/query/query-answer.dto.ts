import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { GROUPINGS, INTERVALS, QUERY_METRICS } from '../../application/metric-catalogue.js';
import type { Grouping, QueryMetric } from '../../domain/query/metrics-query.js';
import { ListenersDto } from '../audience/audience.dto.js';
import { AnswerFrameDto, MetricLevelDto, PreviousRangeDto } from '../metrics.dto.js';

/** Of what a row counts events: only what was asked for by `by`. */
export class QueryGroupDto {
  @ApiPropertyOptional({ format: 'uuid' }) podcastId?: string;
  @ApiPropertyOptional({ example: 'The Lighthouse Hour' }) podcastTitle?: string;
  @ApiPropertyOptional({ format: 'uuid' }) episodeId?: string;
  @ApiPropertyOptional({ example: 'How lighthouses were automated' }) episodeTitle?: string;
  @ApiPropertyOptional({ example: 'AntennaPod', description: '`unknown` where nobody knows.' }) app?: string;
  @ApiPropertyOptional({ example: 'mobile', description: '`unknown` where nobody knows.' }) device?: string;
  @ApiPropertyOptional({ example: 'DE', description: '`unknown` where nobody knows.' }) country?: string;
}

export class QueryBucketDto {
  @ApiProperty({
    example: '2026-03-29T00:00:00+01:00',
    description: 'Local start, included. A bucket ends where the next starts, the last one at `to`.',
  })
  start!: string;
  @ApiProperty({ format: 'date-time', example: '2026-03-28T23:00:00.000Z' }) startUtc!: string;
}

export class QueryRowDto extends OmitType(MetricLevelDto, ['metric']) {
  @ApiProperty({ enum: QUERY_METRICS, example: 'downloads' }) metric!: QueryMetric;
  @ApiProperty({ type: QueryGroupDto, description: 'Empty without `by`.' }) group!: QueryGroupDto;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 1204,
    description: 'Of the whole range. Null for listeners of whom only bounds are known.',
  })
  value!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 980, description: 'Null without `compare`.' })
  previousValue!: number | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.2286,
    description: '(value − previousValue) / previousValue; null when that is 0 or nothing is compared.',
  })
  change!: number | null;
  @ApiProperty({
    nullable: true,
    type: [Number],
    example: [400, 0, 804],
    description:
      'One for each of `buckets`; they add up to `value`, except for listeners. Null without `interval`.',
  })
  values!: (number | null)[] | null;
  @ApiPropertyOptional({
    type: ListenersDto,
    description: 'How sure a number of listeners is. Rows of other metrics have none of these.',
  })
  listeners?: ListenersDto;
  @ApiPropertyOptional({
    nullable: true,
    type: ListenersDto,
    description: 'The same of the range compared with.',
  })
  previousListeners?: ListenersDto | null;
  @ApiPropertyOptional({
    nullable: true,
    type: [ListenersDto],
    description: 'The same of each of `buckets`.',
  })
  listenersByBucket?: ListenersDto[] | null;
}

export class QueryAnswerDto extends AnswerFrameDto {
  @ApiProperty({ nullable: true, enum: INTERVALS, type: String }) interval!: string | null;
  @ApiProperty({ enum: GROUPINGS, isArray: true }) by!: readonly Grouping[];
  @ApiProperty({ nullable: true, type: PreviousRangeDto, description: 'The range compared with.' })
  previous!: PreviousRangeDto | null;
  @ApiProperty({
    nullable: true,
    type: [QueryBucketDto],
    description: 'Ascending and without gaps. Null without `interval`.',
  })
  buckets!: QueryBucketDto[] | null;
  @ApiProperty({
    type: [QueryRowDto],
    description:
      'One list: metric by metric, each level of evidence by itself, and within a level in the order asked for. With ' +
      '`by`, groups that counted nothing in either range are left out; without it, zeros are there.',
  })
  rows!: QueryRowDto[];
  @ApiProperty({
    nullable: true,
    type: String,
    description:
      'The `cursor` of the next page, with every other parameter as it was; null on the last page.',
  })
  next!: string | null;
}
