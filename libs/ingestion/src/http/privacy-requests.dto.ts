import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Exclude, Expose, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsObject,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { PRIVACY_REQUEST_KINDS, type PrivacyRequestKind } from '../application/privacy/privacy-catalogue.js';

const byIds = ({ listenerIds }: SubjectDto) => listenerIds !== undefined;

export class SubjectDto {
  @ApiPropertyOptional({
    example: '192.0.2.44',
    description: 'The address that the listener’s requests come from. Hashed at once, kept nowhere.',
  })
  @ValidateIf((subject: SubjectDto) => !byIds(subject))
  @IsString()
  @Length(2, 64)
  address?: string;

  @ApiPropertyOptional({
    example: 'AntennaPod/3.4.0',
    description: 'The user agent of these requests, to the letter; empty where they have none. Kept nowhere.',
  })
  @ValidateIf((subject: SubjectDto) => !byIds(subject))
  @IsString()
  @MaxLength(2048)
  @IsStorableText()
  userAgent?: string;

  @ApiPropertyOptional({
    type: [String],
    maxItems: 1_000,
    example: ['-4611686018427387904'],
    description: 'In the place of address and agent: ids that an export has shown.',
  })
  @ValidateIf(byIds)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(1_000)
  @Matches(/^-?[1-9]\d{0,18}$/, {
    each: true,
    message: 'each value in $property must be an id of 64 bits',
  })
  listenerIds?: string[];
}

export class CreatePrivacyRequestDto {
  @ApiProperty({
    enum: PRIVACY_REQUEST_KINDS,
    example: 'export',
    description: '`erasure`: forget the listener. `export`: show what is stored.',
  })
  @IsIn(PRIVACY_REQUEST_KINDS)
  kind!: PrivacyRequestKind;

  @ApiProperty({ type: SubjectDto })
  @IsObject()
  @ValidateNested()
  @Type(() => SubjectDto)
  subject!: SubjectDto;
}

@Exclude()
export class PrivacyReportDto {
  @ApiProperty({
    nullable: true,
    type: String,
    example: '2026-09-01',
    description:
      'The first UTC day for which a key is left to find the listener by. What is older can be tied to nobody, nor can ' +
      'lines of logs once 48 hours have passed since their import: their keys are gone by then.',
  })
  @Expose()
  foundFrom!: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { listener_events: 12, downloads: 3 },
    description: 'Rows found, by table. An erasure has scrubbed or removed them.',
  })
  @Expose()
  rows!: Record<string, number>;
  @ApiProperty({
    type: [String],
    example: ['2026-10-12'],
    description: 'UTC days with requests of the listener. An erasure has them counted again.',
  })
  @Expose()
  days!: string[];
  @ApiProperty({
    nullable: true,
    type: String,
    example: '2026-10-13',
    description: 'UTC days before this one are done.',
  })
  @Expose()
  searchedBefore!: string | null;
}

/** The ids are left out: they are what the ledger is for, and nothing that a caller needs. */
@Exclude()
export class PrivacyRequestDto {
  @ApiProperty({ format: 'uuid' }) @Expose() id!: string;
  @ApiProperty({ enum: PRIVACY_REQUEST_KINDS }) @Expose() kind!: string;
  @ApiProperty({ enum: ['queued', 'done', 'failed'] }) @Expose() state!: string;
  @ApiProperty({ example: 'key 3fJ9…' }) @Expose() requestedBy!: string;
  @ApiProperty({ description: 'What happens later is not touched.' }) @Expose() requestedAt!: Date;
  @ApiProperty({ nullable: true, type: Date }) @Expose() doneAt!: Date | null;
  @ApiProperty({ type: PrivacyReportDto }) @Expose() @Type(() => PrivacyReportDto) report!: PrivacyReportDto;
}

@Exclude()
export class PrivacyRequestDetailDto extends PrivacyRequestDto {
  @ApiProperty({
    nullable: true,
    type: String,
    example: '/v1/listener-exports/C5xfHnpBTFOf…',
    description:
      'Where the listener can fetch the export without a key: a path on this server. Each answer holds a new one. Null ' +
      'for an erasure, before an export is done, and 30 days after.',
  })
  @Expose()
  exportUrl!: string | null;
  @ApiProperty({
    nullable: true,
    type: Date,
    description:
      '24 hours after this answer, or when the export itself can no longer be fetched, if that is sooner.',
  })
  @Expose()
  exportUrlExpiresAt!: Date | null;
}

@Exclude()
export class PrivacyRequestPageDto {
  @ApiProperty({ type: [PrivacyRequestDto] })
  @Expose()
  @Type(() => PrivacyRequestDto)
  items!: PrivacyRequestDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  @Expose()
  next!: string | null;
}

export class ListenerDayDto {
  @ApiProperty({ example: '2026-10-12' }) day!: string;
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Requests and events as they are stored, with every text that they name.',
  })
  events!: object[];
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'What was counted from them, under each rule set.',
  })
  downloads!: object[];
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Windows that were open at the end of the day.',
  })
  openWindows!: object[];
}

export class ListenerExportDto {
  @ApiProperty({ format: 'uuid' }) requestId!: string;
  @ApiProperty() requestedAt!: Date;
  @ApiProperty({ nullable: true, type: String, example: '2026-09-01' }) foundFrom!: string | null;
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'What was counted on days whose requests are kept no longer.',
  })
  downloadsWithoutRequests!: object[];
  @ApiProperty({ type: [ListenerDayDto] }) days!: ListenerDayDto[];
}
