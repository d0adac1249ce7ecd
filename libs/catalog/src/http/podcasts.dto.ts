import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { IsStorableText, PageQueryDto } from '@lib/http';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  IsBoolean,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { IsWebAddress } from './is-web-address.js';

const lowerCase = ({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.toLowerCase() : value;
const given = (_: object, value: unknown) => value !== undefined;

export class CreatePodcastDto {
  @ApiProperty({ example: 'Signal & Salt' })
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  title!: string;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'Stories from lighthouses.' })
  @IsOptional()
  @IsString()
  @MaxLength(65_536)
  @IsStorableText()
  description?: string | null;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'Harbour Light Audio' })
  @IsOptional()
  @IsString()
  @MaxLength(1000)
  @IsStorableText()
  author?: string | null;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'en-GB' })
  @IsOptional()
  @IsString()
  @MaxLength(35)
  @IsStorableText()
  language?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    example: 'https://harbourlight.example/signal-and-salt',
  })
  @IsOptional()
  @IsWebAddress()
  link?: string | null;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'https://img.harbourlight.example/sas.jpg' })
  @IsOptional()
  @IsWebAddress()
  imageUrl?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    example: 'https://feeds.harbourlight.example/signal-and-salt',
    description: 'Where its feed lives. An import of that feed finds this podcast.',
  })
  @IsOptional()
  @IsWebAddress()
  feedUrl?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    format: 'uuid',
    example: 'cc8197f7-3a15-598d-841f-7cf20dff70c0',
    description: 'The `podcast:guid` of its feed.',
  })
  @IsOptional()
  @Transform(lowerCase)
  @IsUUID()
  podcastGuid?: string | null;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { network: 'Harbour Light' } })
  @ValidateIf(given)
  @IsObject()
  @IsStorableText()
  metadata?: Record<string, unknown>;
}

export class UpdatePodcastDto extends PartialType(CreatePodcastDto, { skipNullProperties: false }) {
  @ApiPropertyOptional({
    example: false,
    description: 'Leave it out of lists (true), or bring it back (false).',
  })
  @ValidateIf(given)
  @IsBoolean()
  archived?: boolean;
}

// Excluded by class, not by the strategy of the route: that would empty `metadata`, whose keys no class declares.
@Exclude()
export class PodcastDto {
  @ApiProperty({ format: 'uuid' }) @Expose() id!: string;
  @ApiProperty({ example: 'Signal & Salt' }) @Expose() title!: string;
  @ApiProperty({
    nullable: true,
    type: String,
    example: '<p>Stories from lighthouses.</p>',
    description: 'Text or HTML as the feed has it: sanitise it before display.',
  })
  @Expose()
  description!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'Harbour Light Audio' }) @Expose() author!:
    string | null;
  @ApiProperty({ nullable: true, type: String, example: 'en-GB' }) @Expose() language!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'https://harbourlight.example/signal-and-salt' })
  @Expose()
  link!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'https://img.harbourlight.example/sas.jpg' })
  @Expose()
  imageUrl!: string | null;
  @ApiProperty({
    nullable: true,
    type: String,
    example: 'https://feeds.harbourlight.example/signal-and-salt',
  })
  @Expose()
  feedUrl!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'cc8197f7-3a15-598d-841f-7cf20dff70c0' })
  @Expose()
  podcastGuid!: string | null;
  @ApiProperty({
    nullable: true,
    type: Date,
    description: 'When the feed was last fetched from its address.',
  })
  @Expose()
  feedCheckedAt!: Date | null;
  @ApiProperty({
    nullable: true,
    type: String,
    example: 'feed_status: the server of the feed answers 404',
    description: 'Why the last fetch brought nothing; null when it did.',
  })
  @Expose()
  feedError!: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  @Expose()
  metadata!: Record<string, unknown>;
  @ApiProperty({ nullable: true, type: Date, description: 'Since when it is left out of lists.' })
  @Expose()
  archivedAt!: Date | null;
  @ApiProperty() @Expose() createdAt!: Date;
  @ApiProperty() @Expose() updatedAt!: Date;
}

@Exclude()
export class PodcastPageDto {
  @ApiProperty({ type: [PodcastDto] }) @Expose() @Type(() => PodcastDto) items!: PodcastDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  @Expose()
  next!: string | null;
}

export class PodcastPageQueryDto extends PageQueryDto {
  @ApiPropertyOptional({
    example: 'lighthouse',
    description: 'Finds titles that contain these words or resemble them, best first. Has no further pages.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  search?: string;
}
