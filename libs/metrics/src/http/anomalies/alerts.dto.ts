import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText, PageQueryDto } from '@lib/http';
import { IsIn, IsOptional, IsString, IsUUID, Length } from 'class-validator';
import { ALERT_STATES, REASONS } from '../../application/anomalies/anomaly-catalogue.js';
import { EVIDENCE_LEVELS } from '../../application/metric-catalogue.js';
import type { AlertState } from '../../domain/anomalies/alert-states.js';

export class AlertQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: ALERT_STATES, description: 'Only these. All when left out.' })
  @IsOptional()
  @IsIn(ALERT_STATES)
  state?: AlertState;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only of this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

export class AcknowledgeAlertDto {
  @ApiPropertyOptional({ example: 'Named in a newsletter on Tuesday.' })
  @IsOptional()
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  note?: string;
}

export class LikelyReasonDto {
  @ApiProperty({ enum: REASONS }) reason!: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { app: 'Fetcher', downloads: 812, usual: 3 },
    description: 'What speaks for it.',
  })
  detail!: object;
}

export class AlertDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ example: '2026-10-16', description: 'A UTC day.' }) day!: string;
  @ApiProperty({ example: 24, description: 'How many hours of the day were compared: 24 once it is over.' })
  hours!: number;
  @ApiProperty({ enum: ['downloads'] }) metric!: string;
  @ApiProperty({ enum: EVIDENCE_LEVELS }) evidence!: string;
  @ApiProperty({ enum: ['above', 'below'] }) direction!: string;
  @ApiProperty({
    example: 310.5,
    description: 'The median of the same hours of the same weekday in the last 8 weeks.',
  })
  expected!: number;
  @ApiProperty({ example: 1204 }) actual!: number;
  @ApiProperty({
    example: 14.2,
    description:
      'Robust standard deviations from `expected`, by the median absolute deviation of those weeks, which counts as no less ' +
      'than 12 % of `expected`, its square root and 3. Alerts are raised from 4 on.',
  })
  z!: number;
  @ApiProperty({
    enum: ALERT_STATES,
    description: '`resolved`: late data brought the number back to what is usual.',
  })
  state!: string;
  @ApiProperty({ enum: REASONS, description: 'The first of `reasons`.' }) likelyReason!: string;
  @ApiProperty({
    type: [LikelyReasonDto],
    description: 'All that the facts support, the most telling first.',
  })
  reasons!: readonly LikelyReasonDto[];
  @ApiProperty() foundAt!: Date;
  @ApiProperty({ nullable: true, type: Date }) resolvedAt!: Date | null;
  @ApiProperty({ nullable: true, type: String, example: 'key Zp3vXw8qLk2tNc5r' }) acknowledgedBy!:
    string | null;
  @ApiProperty({ nullable: true, type: Date }) acknowledgedAt!: Date | null;
  @ApiProperty({ nullable: true, type: String }) note!: string | null;
}

export class AlertPageDto {
  @ApiProperty({ type: [AlertDto] }) items!: AlertDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
