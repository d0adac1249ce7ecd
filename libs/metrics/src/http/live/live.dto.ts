import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsUUID } from 'class-validator';
import { AnswerFrameDto, MetricLevelDto } from '../metrics.dto.js';

export class LiveQueryDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

export class LiveTotalDto extends MetricLevelDto {
  @ApiProperty({ example: 1204 }) value!: number;
}

export class LivePodcastDto {
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ type: [LiveTotalDto], description: 'Levels that are not here are 0.' })
  totals!: LiveTotalDto[];
}

/** The data of an event of `/v1/metrics/live`. */
export class LiveTotalsDto extends AnswerFrameDto {
  @ApiProperty({
    type: [LivePodcastDto],
    description: 'Podcasts that are not here have no events in the day.',
  })
  podcasts!: LivePodcastDto[];
}
