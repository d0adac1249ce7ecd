import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';

const TRUTH = ['true', 'false'] as const;

export class ImportLogQueryDto {
  @ApiPropertyOptional({
    example: 'combined_range',
    description:
      '`cloudfront`, `combined`, `combined_range`, `common`, `ndjson`, or a `log_format` of nginx or `LogFormat` of ' +
      'Apache. Found out from the first lines if left out.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 2_000)
  @IsStorableText()
  format?: string;

  @ApiPropertyOptional({
    example: 'edge-1',
    default: 'log',
    description:
      'What wrote the log: a name for each server or distribution, since equal lines of one are one request.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  source?: string;

  @ApiPropertyOptional({
    example: 'media.harbourlight.example',
    description: 'The host of lines that name none.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 253)
  @IsStorableText()
  host?: string;

  @ApiPropertyOptional({
    isArray: true,
    type: String,
    example: ['d111.cloudfront.net=media.harbourlight.example'],
    description: 'What feeds call a host of the log.',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (Array.isArray(value) ? (value as unknown[]) : [value]))
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @Matches(/^[^=\s]{1,253}=[^=\s]{1,253}$/, { each: true, message: 'an alias is written CDN=HOST' })
  hostAlias?: string[];

  @ApiPropertyOptional({
    enum: TRUTH,
    default: 'false',
    description: 'Take the place of what was imported before for the days of this file.',
  })
  @IsOptional()
  @IsIn(TRUTH)
  replace?: string;

  @ApiPropertyOptional({
    enum: TRUTH,
    default: 'false',
    description: 'Import even if none of the first requests asks for an episode.',
  })
  @IsOptional()
  @IsIn(TRUTH)
  evenWithoutEpisodes?: string;
}

export class LineTallyDto {
  @ApiProperty({ example: 308, description: 'The sum of all below, but for `notEpisodes`.' }) lines!: number;
  @ApiProperty({ example: 305 }) stored!: number;
  @ApiProperty({
    example: 5,
    description:
      'Of those stored: requests for something else than an episode, as known then. When an episode with such a file becomes known, its requests are counted.',
  })
  notEpisodes!: number;
  @ApiProperty({ example: 1, description: 'Requests that were stored before.' }) duplicates!: number;
  @ApiProperty({ example: 0, description: 'With the id of a stored request, but another content.' })
  conflicts!: number;
  @ApiProperty({ example: 0, description: 'Lines that are no requests, though they should be.' })
  faults!: number;
  @ApiProperty({ example: 2, description: 'Headers and empty lines.' }) comments!: number;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { form: 2 },
    description: 'Faults by the rule that was broken.',
  })
  rules!: Record<string, number>;
}

export class LineFaultDto {
  @ApiProperty({ example: 17 }) line!: number;
  @ApiProperty({ example: 'form' }) rule!: string;
}

export class LogImportReportDto extends LineTallyDto {
  @ApiProperty({ format: 'uuid' }) importId!: string;
  @ApiProperty({ example: 'cloudfront' }) format!: string;
  @ApiProperty({ description: 'This very file was imported before: nothing was changed.' })
  wasImported!: boolean;
  @ApiProperty({ example: 0, description: 'The line behind which an interrupted import went on.' })
  resumedFrom!: number;
  @ApiProperty({ type: [LineFaultDto], description: 'The first faults.' }) examples!: LineFaultDto[];
}

export class ImportedFileDto extends LineTallyDto {
  @ApiProperty({ example: 'E1ABC.2026-10-12-05.gz' }) name!: string;
  @ApiProperty({ example: 'a3f0…', description: 'SHA-256 of the file.' }) sha256!: string;
  @ApiProperty({ example: 'cloudfront' }) format!: string;
  @ApiProperty({
    nullable: true,
    type: String,
    format: 'date-time',
    description: 'Null while it is not stored whole.',
  })
  finishedAt!: string | null;
}

export class ImportDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'edge-1' }) source!: string;
  @ApiProperty({ nullable: true, type: String, example: '2026-10-12' }) firstDay!: string | null;
  @ApiProperty({ nullable: true, type: String, example: '2026-10-14' }) lastDay!: string | null;
  @ApiProperty({
    enum: ['open', 'closed', 'replaced'],
    description:
      'The keys of a closed import are destroyed 48 hours later; then its days take no more requests.',
  })
  state!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ nullable: true, type: Date }) closedAt!: Date | null;
  @ApiProperty({ type: [ImportedFileDto] }) files!: ImportedFileDto[];
}

export class ImportPageDto {
  @ApiProperty({ type: [ImportDto] }) items!: ImportDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
