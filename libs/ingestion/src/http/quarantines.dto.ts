import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText, PageQueryDto } from '@lib/http';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';

const STATES = ['open', 'confirmed', 'dismissed'] as const;
type State = (typeof STATES)[number];

export class QuarantineQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: STATES, description: 'Only these. All when left out.' })
  @IsOptional()
  @IsIn(STATES)
  state?: State;
}

export class DecideQuarantineDto {
  @ApiProperty({ enum: STATES, example: 'confirmed' })
  @IsIn(STATES)
  state!: State;
  @ApiPropertyOptional({ example: 'Twelve agents in six minutes, each stops at the same byte.' })
  @IsOptional()
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  note?: string;
}

export class QuarantineDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: '2026-10-16' }) day!: string;
  @ApiProperty({
    enum: ['episodes_per_address', 'agents_per_address', 'exact_threshold', 'flat_hours', 'app_mix'],
  })
  detector!: string;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) podcastId!: string | null;
  @ApiProperty({ description: 'About one address, which a rule set can leave out.' }) isAddress!: boolean;
  @ApiProperty({ example: 12 }) requests!: number;
  @ApiProperty({
    example: 12,
    description:
      'Downloads that were shown when the traffic was found, or last found again while the finding was open. What is shown now can differ, as after a recount.',
  })
  downloads!: number;
  @ApiProperty({ type: 'object', additionalProperties: true, example: { atThreshold: 12, limit: 5 } })
  evidence!: object;
  @ApiProperty({ enum: STATES }) state!: string;
  @ApiProperty() foundAt!: Date;
  @ApiProperty({ nullable: true, type: String }) decidedBy!: string | null;
  @ApiProperty({ nullable: true, type: Date }) decidedAt!: Date | null;
  @ApiProperty({ nullable: true, type: String }) note!: string | null;
}

export class QuarantinePageDto {
  @ApiProperty({ type: [QuarantineDto] }) items!: QuarantineDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
