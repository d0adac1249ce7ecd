import { ApiProperty } from '@nestjs/swagger';
import { PageQueryDto } from '@lib/http';
import { IsString, Length } from 'class-validator';

export class UnknownAgentsQueryDto extends PageQueryDto {
  @ApiProperty({
    example: '2026-10-12',
    description: 'Begin of the range, included: a UTC day, or an instant on a multiple of 5 minutes.',
  })
  @IsString()
  @Length(10, 40)
  from!: string;
  @ApiProperty({
    example: '2026-10-19',
    description: 'End of the range, not included, in the same forms; at most 31 days later.',
  })
  @IsString()
  @Length(10, 40)
  to!: string;
}

export class AgentDownloadsDto {
  @ApiProperty({ example: 31 }) originBytes!: number;
  @ApiProperty({ example: 0 }) prefixOnly!: number;
}

export class UnknownAgentDto {
  @ApiProperty({
    example: 'LanternPlayer/2.1 (Linux)',
    description: 'As it is stored: at most 512 characters.',
  })
  userAgent!: string;
  @ApiProperty({ example: 412, description: 'Requests for files in the range.' }) requests!: number;
  @ApiProperty({
    type: AgentDownloadsDto,
    description: 'Downloads that its requests completed in the range and that are shown, by evidence.',
  })
  downloads!: AgentDownloadsDto;
  @ApiProperty({ description: 'In the range.' }) firstSeenAt!: Date;
  @ApiProperty({ description: 'In the range.' }) lastSeenAt!: Date;
  @ApiProperty({
    nullable: true,
    type: String,
    format: 'uuid',
    description: 'The override that will name it in rule sets made from now on.',
  })
  overrideId!: string | null;
}

export class UnknowingRuleSetDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: '1.0.0' }) version!: string;
}

export class UnknownAgentPageDto {
  @ApiProperty({
    nullable: true,
    type: UnknowingRuleSetDto,
    description: 'By which they are unknown: that of today. Null before anything was counted.',
  })
  ruleSet!: UnknowingRuleSetDto | null;
  @ApiProperty({ type: [UnknownAgentDto] }) items!: readonly UnknownAgentDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
