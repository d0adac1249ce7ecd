import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import { IsStorableText, PageQueryDto } from '@lib/http';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsDate,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Max,
  MaxLength,
  Min,
  MinDate,
  ValidateIf,
} from 'class-validator';
import { EPISODE_TYPES, type EpisodeType } from './episode-answers.dto.js';
import { IsWebAddress } from './is-web-address.js';

const MAX_INTEGER = 2 ** 31 - 1;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;

/** Without a zone, a time would be read in the zone of this server. */
const toInstant = ({ value }: { value: unknown }) =>
  typeof value === 'string' && INSTANT.test(value) ? new Date(value) : value;
const given = (_: object, value: unknown) => value !== undefined;

export class CreateEpisodeDto {
  @ApiProperty({ example: 'The keeper of Skerry' })
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  title!: string;

  @ApiPropertyOptional({
    example: 'hl-sas-0203',
    description: 'What the feed calls it; without one it gets its id. Cannot be changed later.',
  })
  @ValidateIf(given)
  @IsString()
  @Length(1, 500)
  @IsStorableText()
  guid?: string;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'Who keeps a light that nobody needs?' })
  @IsOptional()
  @IsString()
  @MaxLength(65_536)
  @IsStorableText()
  description?: string | null;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'https://harbourlight.example/sas/203' })
  @IsOptional()
  @IsWebAddress()
  link?: string | null;

  @ApiPropertyOptional({ nullable: true, type: Date, example: '2026-10-12T05:00:00Z' })
  @IsOptional()
  @Transform(toInstant)
  @MinDate(new Date(0))
  @IsDate({ message: '$property must be a time with a zone, such as 2026-10-12T05:00:00Z' })
  publishedAt?: Date | null;

  @ApiPropertyOptional({ enum: EPISODE_TYPES, default: 'full' })
  @ValidateIf(given)
  @IsIn(EPISODE_TYPES)
  episodeType?: EpisodeType;

  @ApiPropertyOptional({ nullable: true, type: Number, example: 2 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  season?: number | null;

  @ApiPropertyOptional({ nullable: true, type: Number, example: 3 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  episodeNumber?: number | null;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    example: 'https://op3.dev/e/cdn.harbourlight.example/sas/203.mp3',
    description:
      'Address of the audio, with its measurement prefixes. Requests for the file behind them count here.',
  })
  @IsOptional()
  @IsWebAddress()
  enclosureUrl?: string | null;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'audio/mpeg' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @IsStorableText()
  enclosureType?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    type: Number,
    example: 23_068_672,
    description: 'Size of the file in bytes. What is set here, a feed does not overwrite.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  mediaBytes?: number | null;

  @ApiPropertyOptional({
    nullable: true,
    type: Number,
    example: 45_056,
    description: 'Bytes of the file before the first second of sound: its tag and cover.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  headerBytes?: number | null;

  @ApiPropertyOptional({
    nullable: true,
    type: Number,
    example: 1440,
    description: 'Length in seconds. What is set here, a feed does not overwrite.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_INTEGER)
  durationSeconds?: number | null;

  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { editor: 'M. Okafor' } })
  @ValidateIf(given)
  @IsObject()
  @IsStorableText()
  metadata?: Record<string, unknown>;
}

export class UpdateEpisodeDto extends PartialType(OmitType(CreateEpisodeDto, ['guid']), {
  skipNullProperties: false,
}) {
  @ApiPropertyOptional({
    example: false,
    description: 'Leave it out of lists (true), or bring it back (false).',
  })
  @ValidateIf(given)
  @IsBoolean()
  archived?: boolean;
}

export class EpisodePageQueryDto extends PageQueryDto {
  @ApiPropertyOptional({
    example: 'keeper',
    description: 'Finds titles that contain these words or resemble them, best first. Has no further pages.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  search?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Episodes of one podcast only.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}
