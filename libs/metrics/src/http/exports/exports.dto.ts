import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';
import { IsIn, IsOptional, IsString, IsUUID, Length } from 'class-validator';
import {
  EXPORT_FORMATS,
  EXPORT_STATES,
  EXPORTED_TABLE_NAMES,
  LISTENER_TABLES,
  TIMED_TABLES,
  type ExportFormat,
} from '../../application/exports/exports-catalogue.js';

/** Which rows of which table, and how they are written. */
export class ExportQuestionDto {
  @ApiProperty({
    enum: EXPORTED_TABLE_NAMES,
    example: 'metrics_daily',
    description: `${LISTENER_TABLES} hold single requests of listeners and take a key with the scope \`raw\`.`,
  })
  @IsIn(EXPORTED_TABLE_NAMES)
  table!: string;

  @ApiProperty({
    enum: EXPORT_FORMATS,
    example: 'csv',
    description:
      '`csv`: RFC 4180 in UTF-8 without a byte order mark; texts that a spreadsheet would calculate begin with an ' +
      'apostrophe. `ndjson`: one JSON object a line; 64-bit integers are numbers where those are exact, else strings. ' +
      '`parquet`: with Snappy.',
  })
  @IsIn(EXPORT_FORMATS)
  format!: ExportFormat;

  @ApiPropertyOptional({
    example: '2026-03-01',
    description:
      'Begin of the range, included: a date, which means the start of that day in the tenant’s time zone, or an instant ' +
      `with its offset. Needed for ${TIMED_TABLES}, and refused for the others, which are written whole. Rows of UTC ` +
      'days are taken when their day begins inside.',
  })
  @IsOptional()
  @IsString()
  @Length(10, 40)
  from?: string;

  @ApiPropertyOptional({
    example: '2026-04-01',
    description: 'End of the range, not included, in the same forms.',
  })
  @IsOptional()
  @IsString()
  @Length(10, 40)
  to?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only rows of this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

@Exclude()
export class ExportDto {
  @ApiProperty({ format: 'uuid' }) @Expose() id!: string;
  @ApiProperty({ enum: EXPORTED_TABLE_NAMES }) @Expose() table!: string;
  @ApiProperty({ enum: EXPORT_FORMATS }) @Expose() format!: string;
  @ApiProperty({ nullable: true, type: Date }) @Expose() from!: Date | null;
  @ApiProperty({ nullable: true, type: Date }) @Expose() to!: Date | null;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) @Expose() podcastId!: string | null;
  @ApiProperty({
    enum: EXPORT_STATES,
    description:
      '`expired`: the file is gone, 24 hours after it was done, or because a listener in it was erased.',
  })
  @Expose()
  state!: string;
  @ApiProperty({
    example: 0.42,
    description:
      'From 0 to 1: the share of the range that is written. Of a table without a time it is 0 until the file is there.',
  })
  @Expose()
  progress!: number;
  @ApiProperty({ example: 18204, description: 'Rows written so far.' }) @Expose() rows!: number;
  @ApiProperty({ example: 2203684, description: 'Size of what is written so far, in bytes.' })
  @Expose()
  bytes!: number;
  @ApiProperty({ example: 'key 3fJ9…' }) @Expose() requestedBy!: string;
  @ApiProperty() @Expose() requestedAt!: Date;
  @ApiProperty({
    nullable: true,
    type: Date,
    description:
      'Every row that was stored before this instant is in the file, as it stood when it was written. Of rows that came ' +
      'later, those are in it that writing had not passed.',
  })
  @Expose()
  startedAt!: Date | null;
  @ApiProperty({ nullable: true, type: Date }) @Expose() doneAt!: Date | null;
  @ApiProperty({ nullable: true, type: Date, description: 'Until when the file can be fetched.' })
  @Expose()
  expiresAt!: Date | null;
  @ApiProperty({ nullable: true, type: String, description: 'Why there is no file.' })
  @Expose()
  error!: string | null;
}

@Exclude()
export class ExportPageDto {
  @ApiProperty({ type: [ExportDto] }) @Expose() @Type(() => ExportDto) items!: ExportDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  @Expose()
  next!: string | null;
}

@Exclude()
export class FileLinkDto {
  @ApiProperty({
    example: '/v1/export-files/C5xfHnpBTFOf…',
    description:
      'Where anybody who has it can fetch the file without a key: a path on this server. It ends with the file, and at ' +
      'once when the export is deleted.',
  })
  @Expose()
  url!: string;
  @ApiProperty() @Expose() expiresAt!: Date;
}
