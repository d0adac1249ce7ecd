import { ApiProperty } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';

export const EPISODE_TYPES = ['full', 'trailer', 'bonus'] as const;
export type EpisodeType = (typeof EPISODE_TYPES)[number];

const SOURCES = ['feed', 'file', 'import', 'api'];

export class EpisodeSummaryDto {
  @ApiProperty({ format: 'uuid' }) @Expose() id!: string;
  @ApiProperty({ format: 'uuid' }) @Expose() podcastId!: string;
  @ApiProperty({ example: 'hl-sas-0203' }) @Expose() guid!: string;
  @ApiProperty({ example: 'The keeper of Skerry' }) @Expose() title!: string;
  @ApiProperty({ nullable: true, type: Date, example: '2026-10-12T05:00:00Z' })
  @Expose()
  publishedAt!: Date | null;
  @ApiProperty({ enum: EPISODE_TYPES }) @Expose() episodeType!: EpisodeType;
  @ApiProperty({ nullable: true, type: Number, example: 2 }) @Expose() season!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 3 }) @Expose() episodeNumber!: number | null;
  @ApiProperty({
    nullable: true,
    type: String,
    example: 'https://op3.dev/e/cdn.harbourlight.example/sas/203.mp3',
  })
  @Expose()
  enclosureUrl!: string | null;
  @ApiProperty({ nullable: true, type: Number, example: 23_068_672 }) @Expose() mediaBytes!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 1440 }) @Expose() durationSeconds!: number | null;
  @ApiProperty({ nullable: true, type: Date, description: 'Since when it is left out of lists.' })
  @Expose()
  archivedAt!: Date | null;
  @ApiProperty() @Expose() createdAt!: Date;
  @ApiProperty() @Expose() updatedAt!: Date;
}

// Excluded by class, not by the strategy of the route: that would empty `metadata`, whose keys no class declares.
@Exclude()
export class EpisodeDto extends EpisodeSummaryDto {
  @ApiProperty({
    nullable: true,
    type: String,
    example: '<p>Who keeps a light that nobody needs?</p>',
    description: 'Text or HTML as the feed has it: sanitise it before display.',
  })
  @Expose()
  description!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'https://harbourlight.example/sas/203' })
  @Expose()
  link!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'audio/mpeg' }) @Expose() enclosureType!:
    string | null;
  @ApiProperty({
    example: 'cdn.harbourlight.example/sas/203.mp3',
    description: 'Host and path of the file behind the prefixes; empty without an enclosure.',
  })
  @Expose()
  mediaKey!: string;
  @ApiProperty({ nullable: true, enum: SOURCES, type: String }) @Expose() mediaBytesSource!: string | null;
  @ApiProperty({ nullable: true, type: Number, example: 45_056 }) @Expose() headerBytes!: number | null;
  @ApiProperty({ nullable: true, enum: SOURCES, type: String }) @Expose() headerBytesSource!: string | null;
  @ApiProperty({ nullable: true, enum: SOURCES, type: String }) @Expose() durationSource!: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @Expose()
  metadata!: Record<string, unknown>;
}

export class EpisodePageDto {
  @ApiProperty({ type: [EpisodeSummaryDto] })
  @Expose()
  @Type(() => EpisodeSummaryDto)
  items!: EpisodeSummaryDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  @Expose()
  next!: string | null;
}
