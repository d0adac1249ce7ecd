import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsUUID, Max, Min } from 'class-validator';
import { PageQueryDto } from '@lib/http';
import { INTERVALS } from '../../application/metric-catalogue.js';
import { FORECAST_DAYS } from '../../application/releases/release-catalogue.js';
import type { Interval } from '../../domain/local-buckets.js';
import type { ForecastDays } from '../../domain/releases/forecast-release.js';
import { IdList } from '../id-list.js';
import { RangeQueryDto } from '../range-query.dto.js';

export class ReleasesQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ default: 20, minimum: 1, maximum: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(50)
  override limit?: number;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

export class ReleaseCurveQueryDto {
  @IdList({ description: 'May be repeated, to compare up to 10 episodes.', most: 10, required: true })
  episodeId!: string[];
  @ApiPropertyOptional({
    default: 90,
    minimum: 1,
    maximum: 366,
    description: 'Up to which age in days of 24 hours.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(366)
  days?: number;
}

export class BackCatalogueQueryDto extends RangeQueryDto {
  @ApiPropertyOptional({
    default: 30,
    minimum: 1,
    maximum: 3650,
    description: 'From this age in days of 24 hours on an episode belongs to the back catalogue.',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(3650)
  olderThanDays?: number;
  @ApiPropertyOptional({ enum: INTERVALS, description: 'Also by this interval. Weeks begin on Monday.' })
  @IsOptional()
  @IsIn(INTERVALS)
  interval?: Interval;
}

export class ForecastQueryDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  episodeId!: string;
  @ApiProperty({
    enum: FORECAST_DAYS,
    example: 30,
    description: 'The horizon in days of 24 hours since publication.',
  })
  @Type(() => Number)
  @IsIn(FORECAST_DAYS)
  days!: ForecastDays;
}
