import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { IsUtcDay } from './rule-sets.dto.js';

const trimmed = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value);

export class MethodologyQueryDto {
  @ApiPropertyOptional({ enum: ['json', 'markdown'], default: 'json' })
  @IsOptional()
  @IsIn(['json', 'markdown'])
  format?: 'json' | 'markdown';
}

export class FactDto {
  @ApiProperty({ example: 'Method (§5.5.1)' }) label!: string;
  @ApiProperty({ example: 'calendar day: requests on the same UTC day are one download' }) value!: string;
}

export class TableDto {
  @ApiProperty({ type: [String], example: ['Reason', 'Since', 'Until'] }) columns!: string[];
  @ApiProperty({ type: 'array', items: { type: 'array', items: { type: 'string' } } }) rows!: string[][];
}

export class MethodologySectionDto {
  @ApiProperty({ example: 'window', description: 'Stable; programs may look for it.' }) id!: string;
  @ApiProperty({ example: 'Window' }) title!: string;
  @ApiProperty({ type: [String] }) paragraphs!: string[];
  @ApiProperty({ type: [FactDto] }) facts!: FactDto[];
  @ApiProperty({ nullable: true, type: TableDto }) table!: TableDto | null;
}

export class DivergenceDto {
  @ApiProperty({ example: 'header_content_only', description: 'Stable; programs may look for it.' })
  id!: string;
  @ApiProperty({
    example: 'PTMG v2.3 §5.5.3',
    description: 'Or `own rule`, for one that PTMG does not have.',
  })
  source!: string;
  @ApiProperty({ example: 'The threshold asks for content alone, without the header of the file.' })
  what!: string;
  @ApiProperty({ example: 'Fair to players that keep the header and resume in the middle.' }) reason!: string;
}

export class FindingDto {
  @ApiProperty({ example: 'self_audit_overdue', description: 'Stable; programs may look for it.' })
  id!: string;
  @ApiProperty({ example: 'A self-audit was due on 2026-09-30.' }) text!: string;
}

export class MethodologyDto {
  @ApiProperty({ example: 'Description of methodology: Harbour Light Network' }) title!: string;
  @ApiProperty({ example: 'Implements the rules of PTMG v2.3; not certified.' }) statement!: string;
  @ApiProperty() generatedAt!: Date;
  @ApiProperty({ example: '1.0.0' }) ruleSetVersion!: string;
  @ApiProperty({ type: [MethodologySectionDto] }) sections!: MethodologySectionDto[];
  @ApiProperty({ type: [DivergenceDto], description: 'Where the configuration departs from the guidelines.' })
  divergences!: DivergenceDto[];
  @ApiProperty({ type: [FindingDto], description: 'What somebody should look after.' })
  findings!: FindingDto[];
}

export class SelfAuditDto {
  @ApiProperty({ example: '2026-09-30', description: 'UTC day.' })
  @IsUtcDay()
  performedOn!: string;
  @ApiProperty({ example: 'Samples of three days recounted by hand; no difference.' })
  @Transform(trimmed)
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  result!: string;
  @ApiProperty({ example: 'R. Keller, ad operations' })
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  author!: string;
}
