import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Max, Min } from 'class-validator';
import { EVENT_METRICS, EVIDENCE_LEVELS } from '../../application/metric-catalogue.js';

const ORDERS = ['oldest', 'newest'] as const;

export class EventsQueryDto {
  @ApiPropertyOptional({
    example: '2026-03-01T00:00:00Z',
    description:
      'Begin of the range, included: an instant with its offset, or a date, which means the start of that day in the ' +
      'tenant’s time zone. 24 hours before `to` when left out.',
  })
  @IsOptional()
  @IsString()
  @Length(10, 40)
  from?: string;
  @ApiPropertyOptional({
    example: '2026-03-02T00:00:00Z',
    description: 'End, not included, in the same forms. Now when left out.',
  })
  @IsOptional()
  @IsString()
  @Length(10, 40)
  to?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only events of this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only events of this episode.' })
  @IsOptional()
  @IsUUID()
  episodeId?: string;
  @ApiPropertyOptional({ enum: EVENT_METRICS, description: 'Only events of this type.' })
  @IsOptional()
  @IsIn(EVENT_METRICS)
  type?: string;
  @ApiPropertyOptional({ enum: ORDERS, default: 'oldest', description: 'By `occurredAt`, then by id.' })
  @IsOptional()
  @IsIn(ORDERS)
  order?: (typeof ORDERS)[number];
  @ApiPropertyOptional({ default: 100, minimum: 1, maximum: 1000 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000)
  limit?: number;
  @ApiPropertyOptional({
    description:
      'The `next` of the page before, with the same filters. It keeps the range of the first page and fits only the ' +
      'order that gave it.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 600)
  cursor?: string;
}

/** What is shown of an event: nothing that names its listener or their address. */
export class EventDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: EVENT_METRICS }) type!: string;
  @ApiProperty() occurredAt!: Date;
  @ApiProperty() receivedAt!: Date;
  @ApiProperty({
    nullable: true,
    type: String,
    format: 'uuid',
    description: 'Null for a request of something else than an episode.',
  })
  episodeId!: string | null;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) podcastId!: string | null;
  @ApiProperty({ enum: EVIDENCE_LEVELS, description: 'How strong the proof is.' }) evidence!: string;
  @ApiProperty({
    nullable: true,
    type: String,
    example: 'AntennaPod',
    description:
      'As downloads name it, by the rule set that is valid today. Null as long as the tenant has no rule set.',
  })
  app!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'mobile', description: 'In the same way.' })
  device!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'DE' }) country!: string | null;
  @ApiProperty({ nullable: true, type: Number }) positionMs!: number | null;
  @ApiProperty({ nullable: true, type: Number, description: 'Bytes that were sent.' }) bytes!: number | null;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) placementId!: string | null;
  @ApiProperty({ nullable: true, type: String }) sessionId!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'player.example.com' }) referrerHost!: string | null;
  @ApiProperty({
    nullable: true,
    type: 'object',
    additionalProperties: true,
    description: 'As the sender gave it.',
  })
  data!: object | null;
}

export class EventsPageDto {
  @ApiProperty({ description: 'Begin of the range, included.' }) from!: Date;
  @ApiProperty({ description: 'End of the range, not included.' }) to!: Date;
  @ApiProperty({
    nullable: true,
    type: Date,
    description:
      'Every event of the range that was acknowledged before this instant is there. Null when a read replica cannot ' +
      'tell yet.',
  })
  asOf!: Date | null;
  @ApiProperty({
    description:
      'Events that happened before this instant come in no more, but for imports of logs. Who copies events reads the ' +
      'time after it again, and knows by their ids those that were there.',
  })
  settledBefore!: Date;
  @ApiProperty({
    type: [EventDto],
    description:
      'With filters there may be fewer than `limit`, or none, before the last page: a page looks at 20,000 events.',
  })
  items!: EventDto[];
  @ApiProperty({
    nullable: true,
    type: String,
    description: 'Pass as `cursor` to get the next page; null on the last.',
  })
  next!: string | null;
}
