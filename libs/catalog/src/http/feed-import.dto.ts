import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Expose, Type } from 'class-transformer';
import { IsOptional, IsString, IsUUID, Length } from 'class-validator';

export class ImportTargetDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'The podcast that the feed is for. Without it the feed finds its podcast, or makes one.',
  })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

export class ImportFeedDto extends ImportTargetDto {
  @ApiProperty({ example: 'https://feeds.harbourlight.example/signal-and-salt' })
  @IsString()
  @Length(1, 2048)
  @IsStorableText()
  url!: string;
}

export class ImportedEpisodesDto {
  @ApiProperty({ example: 3 }) @Expose() created!: number;
  @ApiProperty({ example: 1 }) @Expose() updated!: number;
  @ApiProperty({ example: 296 }) @Expose() unchanged!: number;
}

export class ImportSkipDto {
  @ApiProperty({ example: 12, description: 'Index of the item in the feed, from 0.' })
  @Expose()
  position!: number;
  @ApiProperty({ nullable: true, type: String, example: 'Our new website' }) @Expose() title!: string | null;
  @ApiProperty({
    enum: ['no_audio', 'not_media', 'enclosure_invalid', 'duplicate_item', 'identity_too_long'],
    example: 'no_audio',
  })
  @Expose()
  code!: string;
  @ApiProperty({ example: 'the item has no enclosure' }) @Expose() detail!: string;
}

export class ImportWarningDto {
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 4,
    description: 'Index of the item in the feed, from 0. Null for the feed as a whole.',
  })
  @Expose()
  position!: number | null;
  @ApiProperty({ example: 'date_zone_assumed' }) @Expose() code!: string;
  @ApiProperty({ example: '"Sat, 17 Oct 2026 06:20" names no time zone and is read as UTC' })
  @Expose()
  detail!: string;
}

export class FeedImportReportDto {
  @ApiProperty({ format: 'uuid' }) @Expose() podcastId!: string;
  @ApiProperty({ example: false, description: 'Whether the podcast is new.' }) @Expose() created!: boolean;
  @ApiProperty({ type: ImportedEpisodesDto })
  @Expose()
  @Type(() => ImportedEpisodesDto)
  episodes!: ImportedEpisodesDto;
  @ApiProperty({ type: [ImportSkipDto], description: 'Items that became no episode.' })
  @Expose()
  @Type(() => ImportSkipDto)
  skipped!: ImportSkipDto[];
  @ApiProperty({ type: [ImportWarningDto], description: 'What was odd and how it was read; at most 1,000.' })
  @Expose()
  @Type(() => ImportWarningDto)
  warnings!: ImportWarningDto[];
  @ApiProperty({ example: 0, description: 'Stored episodes that the feed no longer lists. They stay.' })
  @Expose()
  notInFeed!: number;
}
