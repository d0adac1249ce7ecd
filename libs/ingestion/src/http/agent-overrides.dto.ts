import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText, PageQueryDto } from '@lib/http';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { COUNTED_AGENTS, OVERRIDE_KINDS, OVERRIDE_LIMITS } from '../application/counting-catalogue.js';
import type { CountedAgent, OverrideKind } from '../domain/classification/agent-override.js';
import { IsUtcDay } from './rule-sets.dto.js';

const trimmed = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value);
const flag = ({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value);

export class AgentOverridesQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ type: Boolean, default: false, description: 'Also those that were removed.' })
  @IsOptional()
  @Transform(flag)
  @IsBoolean()
  removed?: boolean;
}

export class CreateAgentOverrideDto {
  @ApiProperty({
    enum: OVERRIDE_KINDS,
    example: 'app',
    description: 'A filter may say `bot` or `datacentre`; a pattern alone anything but `datacentre`.',
  })
  @IsIn(OVERRIDE_KINDS)
  kind!: OverrideKind;

  @ApiProperty({ example: 'Lantern Player', description: 'What numbers by app show.' })
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  name!: string;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    example: '^LanternPlayer/',
    description:
      'Regular expression in the dialect of RE2, searched anywhere in the agent, capitals told apart. No look-around.',
  })
  @IsOptional()
  @IsString()
  @Length(1, OVERRIDE_LIMITS.patternCharacters)
  @IsStorableText()
  pattern?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    enum: COUNTED_AGENTS,
    example: 'browser',
    description: 'Only agents that the lists, or a name given here, call so.',
  })
  @IsOptional()
  @IsIn(COUNTED_AGENTS)
  agentKind?: CountedAgent | null;

  @ApiPropertyOptional({
    nullable: true,
    type: Number,
    example: 64500,
    description: 'Only addresses of this autonomous system, by the network data when their request came in.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_294_967_295)
  asn?: number | null;

  @ApiPropertyOptional({ nullable: true, type: String, example: 'SG', description: 'Only this country.' })
  @IsOptional()
  @Matches(/^[A-Z]{2}$/, { message: 'country must be two capitals of ISO 3166-1' })
  country?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    example: '2026-03-01',
    description: 'First UTC day on which it holds. Always, if left out.',
  })
  @IsOptional()
  @IsUtcDay()
  from?: string | null;

  @ApiPropertyOptional({
    nullable: true,
    type: String,
    example: '2026-06-01',
    description: 'First UTC day on which it no longer holds.',
  })
  @IsOptional()
  @IsUtcDay()
  until?: string | null;

  @ApiProperty({ example: 'The network’s own app; it is on no list yet.' })
  @Transform(trimmed)
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  reason!: string;
}

export class AgentOverrideDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: OVERRIDE_KINDS }) kind!: string;
  @ApiProperty({ example: 'Lantern Player' }) name!: string;
  @ApiProperty({ nullable: true, type: String, example: '^LanternPlayer/' }) pattern!: string | null;
  @ApiProperty({ nullable: true, type: String, enum: COUNTED_AGENTS }) agentKind!: string | null;
  @ApiProperty({ nullable: true, type: Number, example: 64500 }) asn!: number | null;
  @ApiProperty({ nullable: true, type: String, example: 'SG' }) country!: string | null;
  @ApiProperty({ nullable: true, type: String, example: '2026-03-01' }) from!: string | null;
  @ApiProperty({ nullable: true, type: String, example: '2026-06-01' }) until!: string | null;
  @ApiProperty({ example: 'The network’s own app; it is on no list yet.' }) reason!: string;
  @ApiProperty({ example: 'key 3fJ9…' }) createdBy!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({ nullable: true, type: Date, description: 'Rule sets made since do without it.' })
  removedAt!: Date | null;
}

export class AgentOverridePageDto {
  @ApiProperty({ type: [AgentOverrideDto] }) items!: AgentOverrideDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
