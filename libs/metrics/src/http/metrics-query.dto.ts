import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayNotEmpty, ArrayUnique, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { EVIDENCE_LEVELS, INTERVALS, METRICS } from '../application/metric-catalogue.js';
import type { Evidence, Metric } from '../domain/event-metrics.js';
import type { Interval } from '../domain/local-buckets.js';
import { EpisodeRangeQueryDto, RangeQueryDto } from './range-query.dto.js';
import { repeatable } from './repeatable.js';

export class SeriesQueryDto extends EpisodeRangeQueryDto {
  @ApiProperty({ enum: METRICS, isArray: true, example: ['downloads'], description: 'May be repeated.' })
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(METRICS, { each: true })
  metric!: Metric[];
  @ApiProperty({ enum: INTERVALS, example: 'day', description: 'Weeks begin on Monday.' })
  @IsIn(INTERVALS)
  interval!: Interval;
  @ApiPropertyOptional({ enum: EVIDENCE_LEVELS, description: 'Only this level. All when left out.' })
  @IsOptional()
  @IsIn(EVIDENCE_LEVELS)
  evidence?: Evidence;
}

export class TotalsQueryDto extends EpisodeRangeQueryDto {
  @ApiPropertyOptional({
    enum: ['previous'],
    description:
      'Compare with the range of the same length before: in local days when both ends are dates, else in elapsed time.',
  })
  @IsOptional()
  @IsIn(['previous'])
  compare?: 'previous';
}

export class TopEpisodesQueryDto extends RangeQueryDto {
  @ApiProperty({ enum: METRICS, example: 'downloads' })
  @IsIn(METRICS)
  metric!: Metric;
  @ApiPropertyOptional({ enum: EVIDENCE_LEVELS, description: 'Only this level. All when left out.' })
  @IsOptional()
  @IsIn(EVIDENCE_LEVELS)
  evidence?: Evidence;
  @ApiPropertyOptional({ default: 10, minimum: 1, maximum: 100, description: 'Episodes in each ranking.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;
}
