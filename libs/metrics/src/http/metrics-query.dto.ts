import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  Min,
} from 'class-validator';
import { IsTimeZone } from '@lib/http';
import { EVIDENCE_LEVELS, INTERVALS, METRICS } from '../application/metric-catalogue.js';
import type { Evidence, Metric } from '../domain/event-metrics.js';
import type { Interval } from '../domain/local-buckets.js';

/** A query parameter that may be repeated: Fastify gives one as a string and several as an array. */
export const repeatable = ({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value);

/** Range and scope: what every question has. */
export class RangeQueryDto {
  @ApiProperty({
    example: '2026-03-01',
    description:
      'Begin of the range, included: a date, which means the start of that local day, or an instant with its offset ' +
      'on a multiple of 5 minutes (2026-03-01T00:00:00Z).',
  })
  @IsString()
  @Length(10, 40)
  from!: string;
  @ApiProperty({
    example: '2026-04-01',
    description:
      'End of the range, not included, in the same forms: from=2026-03-01&to=2026-04-01 is all of March.',
  })
  @IsString()
  @Length(10, 40)
  to!: string;
  @ApiPropertyOptional({
    example: 'Europe/Berlin',
    description: 'IANA time zone of days, weeks and months. The tenant’s own when left out.',
  })
  @IsOptional()
  @IsTimeZone()
  timeZone?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

/** Also narrows to an episode. */
export class EpisodeRangeQueryDto extends RangeQueryDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this episode.' })
  @IsOptional()
  @IsUUID()
  episodeId?: string;
}

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
