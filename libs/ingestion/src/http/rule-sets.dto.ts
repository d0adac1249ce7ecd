import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { DOWNLOAD_WINDOWS } from '../application/counting-catalogue.js';
import type { CountingRules, DownloadWindow } from '../domain/counting/counting-rules.js';

const given = (field: string) => (holder: object) => (holder as Record<string, unknown>)[field] !== null;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A UTC day as text. */
export function IsUtcDay(): PropertyDecorator {
  return Matches(DAY, { message: '$property must be a date such as 2026-03-01' });
}

export class BreadthDto {
  @ApiProperty({ example: 30, minimum: 1, maximum: 10_000 })
  @IsInt()
  @Min(1)
  @Max(10_000)
  episodes!: number;
  @ApiProperty({ example: 10, minimum: 1, maximum: 1_440 })
  @IsInt()
  @Min(1)
  @Max(1_440)
  minutes!: number;
}

/** What decides how requests become downloads. */
export class CountingRulesDto {
  @ApiProperty({
    enum: DOWNLOAD_WINDOWS,
    description:
      'When two requests of one listener for one episode are one download (PTMG v2.3 §5.5.1): on one UTC day, within 24 ' +
      'hours of the first, or within 24 hours of the one before.',
  })
  @IsIn(DOWNLOAD_WINDOWS)
  window!: DownloadWindow;

  @ApiProperty({
    nullable: true,
    type: Number,
    example: 60,
    description: 'Seconds of content that make a download: 60 in PTMG. Null: any byte does.',
  })
  @ValidateIf(given('contentSeconds'))
  @IsInt()
  @Min(1)
  @Max(3_600)
  contentSeconds!: number | null;

  @ApiProperty({
    enum: ['required', 'content_only'],
    description: 'Whether the bytes in front of the content are part of the threshold (PTMG v2.3 §5.5.3).',
  })
  @IsIn(['required', 'content_only'])
  header!: CountingRules['header'];

  @ApiProperty({
    nullable: true,
    type: Number,
    example: null,
    description:
      'Requests of one address on one UTC day that still count; with one more, none does. Null: no limit.',
  })
  @ValidateIf(given('requestsPerAddressDay'))
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  requestsPerAddressDay!: number | null;

  @ApiProperty({
    nullable: true,
    type: BreadthDto,
    description: 'Different episodes that one listener may ask for within so many minutes. Null: no limit.',
  })
  @ValidateIf(given('breadth'))
  @IsObject()
  @ValidateNested()
  @Type(() => BreadthDto)
  breadth!: BreadthDto | null;

  @ApiProperty({
    enum: ['hosting', 'vpn', 'relay', 'tor'],
    isArray: true,
    example: ['hosting', 'vpn'],
    description: 'Networks whose requests are left out (PTMG v2.3 §5.5.2 (2)).',
  })
  @IsArray()
  @ArrayUnique()
  @IsIn(['hosting', 'vpn', 'relay', 'tor'], { each: true })
  filteredNetworks!: CountingRules['filteredNetworks'][number][];
}

/** Also names what is left out of counts for good. */
export class StoredRulesDto extends CountingRulesDto {
  @ApiPropertyOptional({
    type: [String],
    description: 'Confirmed findings of invalid traffic (see quarantines) whose addresses never count.',
  })
  @IsOptional()
  @IsArray()
  @ArrayUnique()
  @ArrayMaxSize(10_000)
  @IsUUID(undefined, { each: true })
  exclusions?: string[];
}

export class CreateRuleSetDto {
  @ApiProperty({ example: '1.1.0', description: 'Unique; what numbers name.' })
  @IsString()
  @Length(1, 50)
  @IsStorableText()
  version!: string;

  @ApiProperty({
    example: '2026-12-01',
    description: 'First UTC day that is counted under it from the start. Days counted before need a recount.',
  })
  @IsUtcDay()
  validFrom!: string;

  @ApiProperty({ type: StoredRulesDto })
  @IsObject()
  @ValidateNested()
  @Type(() => StoredRulesDto)
  rules!: StoredRulesDto;

  @ApiPropertyOptional({ description: 'SHA-256 of a stored agent list; the active one when left out.' })
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/, { message: 'agentList must be a SHA-256 in hexadecimal' })
  agentList?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'Ids of agent overrides, removed ones included; all that stand when left out.',
  })
  @IsOptional()
  @IsArray()
  @ArrayUnique()
  @ArrayMaxSize(200)
  @IsUUID(undefined, { each: true })
  agentOverrides?: string[];

  @ApiPropertyOptional({ example: 'Relays are left out since an audit.' })
  @IsOptional()
  @IsString()
  @Length(0, 1000)
  @IsStorableText()
  note?: string;
}

export class RuleSetDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: '1.0.0' }) version!: string;
  @ApiProperty({ example: '2026-12-01' }) validFrom!: string;
  @ApiProperty({ type: StoredRulesDto }) rules!: object;
  @ApiProperty({ description: 'SHA-256 of the list that classifies agents.' }) agentList!: string;
  @ApiProperty({ type: [String], description: 'Ids of the agent overrides that it counts by.' })
  agentOverrides!: readonly string[];
  @ApiProperty() note!: string;
  @ApiProperty({ example: 'key 3fJ9…' }) createdBy!: string;
  @ApiProperty() createdAt!: Date;
}

export class RuleSetListDto {
  @ApiProperty({ type: [RuleSetDto], description: 'The one valid last first.' }) items!: RuleSetDto[];
}
