import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
} from 'class-validator';
import {
  EVIDENCE_LEVELS,
  GROUPINGS,
  INTERVALS,
  ORDERS,
  QUERY_METRICS,
} from '../../application/metric-catalogue.js';
import type { Evidence } from '../../domain/event-metrics.js';
import type { Interval } from '../../domain/local-buckets.js';
import type { Grouping, Order, QueryMetric } from '../../domain/query/metrics-query.js';
import { IdList } from '../id-list.js';
import { RangeQueryDto } from '../range-query.dto.js';
import { NameList } from '../name-list.js';
import { repeatable } from '../repeatable.js';

const MOST_VALUES = 100;
/** A cursor holds the titles of the last row. */
const LONGEST_CURSOR = 12_000;

/** The parameters of the one grammar. */
export class MetricsQueryDto extends OmitType(RangeQueryDto, ['podcastId']) {
  @ApiProperty({
    enum: QUERY_METRICS,
    isArray: true,
    example: ['downloads'],
    description: 'May be repeated, but `listeners` is asked for alone.',
  })
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(QUERY_METRICS, { each: true })
  metric!: QueryMetric[];
  @ApiPropertyOptional({
    enum: GROUPINGS,
    isArray: true,
    maxItems: 2,
    example: ['app'],
    description: 'By what rows are split, at most two; evidence always splits them.',
  })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayUnique()
  @ArrayMaxSize(2)
  @IsIn(GROUPINGS, { each: true })
  by?: Grouping[];
  @ApiPropertyOptional({
    enum: INTERVALS,
    example: 'day',
    description:
      'One number for each bucket of the local clock; weeks begin on Monday. Without it one for the range.',
  })
  @IsOptional()
  @IsIn(INTERVALS)
  interval?: Interval;
  @ApiPropertyOptional({
    enum: ['previous'],
    description:
      'Compare with the range of the same length before: in local days when both ends are dates, else in elapsed time.',
  })
  @IsOptional()
  @IsIn(['previous'])
  compare?: 'previous';
  @IdList({ description: 'Only these podcasts.', most: MOST_VALUES })
  podcastId?: string[];
  @IdList({ description: 'Only these episodes.', most: MOST_VALUES })
  episodeId?: string[];
  @ApiPropertyOptional({ enum: EVIDENCE_LEVELS, isArray: true, description: 'Only these levels.' })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(EVIDENCE_LEVELS, { each: true })
  evidence?: Evidence[];
  @NameList('Only these apps, by name, or `unknown`.', 'AntennaPod', MOST_VALUES)
  app?: string[];
  @NameList('Only these categories of devices, or `unknown`.', 'mobile', MOST_VALUES)
  device?: string[];
  @NameList('Only these countries, by ISO 3166-1 alpha-2, or `unknown`.', 'DE', MOST_VALUES)
  country?: string[];
  @ApiPropertyOptional({
    enum: ORDERS,
    default: 'value',
    description: 'Highest value first, equal ones by name; or by name, by code point: A before a.',
  })
  @IsOptional()
  @IsIn(ORDERS)
  order?: Order;
  @ApiPropertyOptional({ default: 50, minimum: 1, maximum: 1000, description: 'Rows of a page.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;
  @ApiPropertyOptional({
    description: 'The `next` of the page before. It fits only the question that gave it.',
  })
  @IsOptional()
  @IsString()
  @Length(1, LONGEST_CURSOR)
  cursor?: string;
}
