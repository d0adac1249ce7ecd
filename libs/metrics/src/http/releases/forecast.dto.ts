import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FORECAST_DAYS } from '../../application/releases/release-catalogue.js';
import { AnswerFrameDto, MetricLevelDto } from '../metrics.dto.js';

export class EstimateDto {
  @ApiProperty({ example: 35_000, description: 'The middle of what earlier episodes lead to.' })
  expected!: number;
  @ApiProperty({ example: 31_200, description: 'One case in ten lies below.' }) lower!: number;
  @ApiProperty({ example: 39_900, description: 'One case in ten lies above.' }) upper!: number;
}

export class LackDto {
  @ApiProperty({
    enum: ['completed_episodes', 'age_hours', 'downloads', 'reached_share'],
    description:
      'Earlier episodes of the show with at least 10 downloads whose own horizon has passed; hours since publication; ' +
      'downloads so far; the share of their downloads that earlier episodes had at this age.',
  })
  what!: string;
  @ApiProperty({ example: 4 }) have!: number;
  @ApiProperty({ example: 9 }) need!: number;
}

export class ForecastDto {
  @ApiProperty({
    enum: ['forecast', 'complete', 'not_enough_data'],
    description:
      '`complete`: the horizon has passed, and `soFar` is the number. `not_enough_data`: nothing is foretold, and `missing` ' +
      'says why.',
  })
  status!: string;
  @ApiPropertyOptional({ type: EstimateDto, description: 'With an interval that holds 80 % of all cases.' })
  downloads?: EstimateDto;
  @ApiPropertyOptional({
    type: EstimateDto,
    nullable: true,
    description:
      'F(a): the share of the horizon’s downloads that the show’s earlier episodes had at this age. `downloads` is `soFar` ' +
      'divided by it. Where retention has removed the counts that it takes, this is told of the age in whole days. Null before publication: then `downloads` is the distribution of their totals.',
  })
  reachedShare?: EstimateDto | null;
  @ApiPropertyOptional({ example: 48, description: 'How many earlier episodes it comes from, 50 at most.' })
  episodes?: number;
  @ApiPropertyOptional({ type: [LackDto] }) missing?: readonly LackDto[];
}

export class ForecastLevelDto extends MetricLevelDto {
  @ApiProperty({ example: 21_700, description: 'Downloads since publication, within the horizon.' })
  soFar!: number;
  @ApiProperty({ type: ForecastDto }) forecast!: ForecastDto;
}

export class ForecastAnswerDto extends AnswerFrameDto {
  @ApiProperty({ format: 'uuid' }) episodeId!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ nullable: true, type: Date, example: '2026-03-02T05:00:10.000Z' }) publishedAt!: Date | null;
  @ApiProperty({ enum: FORECAST_DAYS, example: 30 }) days!: number;
  @ApiProperty({ type: [ForecastLevelDto] }) levels!: ForecastLevelDto[];
}
