import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, IsUUID, Length } from 'class-validator';
import { DOWNLOAD_WINDOWS, OUTCOMES, UNRECORDED_REASONS } from '../application/counting-catalogue.js';
import type { DownloadWindow } from '../domain/counting/counting-rules.js';

export class ExplainQueryDto {
  @ApiProperty({
    example: '2026-10-12',
    description: 'Begin of the range, included: a UTC day, or an instant on a multiple of 5 minutes.',
  })
  @IsString()
  @Length(10, 40)
  from!: string;
  @ApiProperty({ example: '2026-10-15', description: 'End of the range, not included, in the same forms.' })
  @IsString()
  @Length(10, 40)
  to!: string;
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  episodeId?: string;
  @ApiPropertyOptional({
    enum: DOWNLOAD_WINDOWS,
    description:
      'Count in another window than the one that is counted by, to compare with another party’s number.',
  })
  @IsOptional()
  @IsIn(DOWNLOAD_WINDOWS)
  window?: DownloadWindow;
}

export class DecidedByDto {
  @ApiProperty({ example: 'bots' }) list!: string;
  @ApiProperty({ example: 'AhrefsBot' }) entry!: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Of the override, where `list` is `overrides`.' })
  id?: string;
  @ApiPropertyOptional({
    description: 'True where the entry knows the agent by no name: an agent override may say what it is.',
  })
  catchAll?: boolean;
}

export class AgentVerdictDto {
  @ApiProperty({ example: 'bot_agent' }) kind!: string;
  @ApiProperty({ nullable: true, type: String, example: 'AhrefsBot' }) name!: string | null;
  @ApiProperty({ nullable: true, type: String }) device!: string | null;
  @ApiProperty({ nullable: true, type: String }) deviceCategory!: string | null;
  @ApiProperty({ nullable: true, type: DecidedByDto, description: 'The entry of the list that decided.' })
  decidedBy!: DecidedByDto | null;
}

/** A request, without anything that names a listener. */
export class ExampleDto {
  @ApiProperty({ format: 'uuid' }) eventId!: string;
  @ApiProperty() occurredAt!: Date;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) episodeId!: string | null;
  @ApiProperty({ nullable: true, type: String, description: 'Where no episode says it.' }) path!:
    string | null;
  @ApiProperty({ nullable: true, type: String, example: 'GET' }) method!: string | null;
  @ApiProperty({ nullable: true, type: Number, example: 206 }) status!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 2 }) bytes!: number | null;
  @ApiProperty({ nullable: true, type: String, example: 'bytes=0-1' }) rangeAsked!: string | null;
  @ApiProperty({ nullable: true, type: String }) userAgent!: string | null;
  @ApiProperty({ nullable: true, type: String }) referrer!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'household' }) networkClass!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'GB' }) country!: string | null;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) importId!: string | null;
  @ApiProperty({ type: AgentVerdictDto }) agent!: AgentVerdictDto;
}

export class FunnelStepDto {
  @ApiProperty({ enum: OUTCOMES }) outcome!: string;
  @ApiProperty({ example: 95 }) requests!: number;
  @ApiProperty({ example: 'PTMG v2.3 §5.5.2 (5)' }) source!: string;
  @ApiProperty({ example: 'A bot on the podcast lists.' }) meaning!: string;
  @ApiProperty({ type: [ExampleDto], description: 'Up to three of the requests.' }) examples!: ExampleDto[];
}

export class ShownDto {
  @ApiProperty({ example: 260, description: 'What metrics show for the range.' }) downloads!: number;
  @ApiProperty({ example: 1, description: 'Complete in the range, but begun, and so dated, before it.' })
  begunBefore!: number;
  @ApiProperty({ example: 0, description: 'Begun in the range, but complete after it.' })
  completedAfter!: number;
}

export class FunnelDto {
  @ApiProperty({ enum: ['origin_bytes', 'prefix_only'] }) evidence!: string;
  @ApiProperty({ example: 1000, description: 'The sum of all steps.' }) requests!: number;
  @ApiProperty({ type: [FunnelStepDto], description: 'In the order in which the rules are asked.' })
  steps!: FunnelStepDto[];
  @ApiProperty({ example: 260, description: 'Downloads that were complete in the range.' }) counted!: number;
  @ApiProperty({
    nullable: true,
    type: ShownDto,
    description: '`counted` − `begunBefore` + `completedAfter` = `downloads`. Null for another window.',
  })
  shown!: ShownDto | null;
}

export class RuleSetInUseDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: '1.0.0' }) version!: string;
  @ApiProperty({ enum: DOWNLOAD_WINDOWS }) window!: string;
  @ApiProperty({ description: 'SHA-256 of the list that classifies agents.' }) agentList!: string;
  @ApiProperty({ example: 2, description: 'Overrides of the tenant that it names.' }) agentOverrides!: number;
  @ApiProperty({ example: '2026-10-12' }) firstDay!: string;
}

export class NotRecordedReasonDto {
  @ApiProperty({ enum: UNRECORDED_REASONS }) reason!: string;
  @ApiProperty({ example: 12 }) requests!: number;
  @ApiProperty({ example: 'It could not be represented in the database.' }) meaning!: string;
}

export class NotRecordedDto {
  @ApiProperty({ example: '2026-10-12', description: 'First UTC day that the range touches.' })
  firstDay!: string;
  @ApiProperty({ example: '2026-10-14', description: 'Last one, included.' }) lastDay!: string;
  @ApiProperty({ example: 12, description: 'Of these days, each as a whole.' }) requests!: number;
  @ApiProperty({ type: [NotRecordedReasonDto] }) reasons!: NotRecordedReasonDto[];
}

export class ShownTotalDto {
  @ApiProperty({ enum: ['origin_bytes', 'prefix_only'] }) evidence!: string;
  @ApiProperty({ format: 'uuid' }) ruleSetId!: string;
  @ApiProperty({ example: 260, description: 'What metrics show for the range.' }) downloads!: number;
}

export class RequestsGoneDto {
  @ApiProperty({
    description: 'From when on requests are kept: a range that begins then or later is explained.',
  })
  requestsFrom!: Date;
  @ApiProperty({
    nullable: true,
    type: [ShownTotalDto],
    description:
      'What is still known. Null for parts of UTC days, for another window, and where counts by day are gone too.',
  })
  shown!: readonly ShownTotalDto[] | null;
}

export class ExplanationDto {
  @ApiProperty() from!: Date;
  @ApiProperty() to!: Date;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 1000,
    description: 'Every request of the range that was delivered to us; null where some of them are gone.',
  })
  requests!: number | null;
  @ApiProperty({
    nullable: true,
    type: RequestsGoneDto,
    description:
      'Retention has removed requests of the range: there are no funnels, rather than ones that lack requests. Null where ' +
      'all are kept.',
  })
  requestsGone!: RequestsGoneDto | null;
  @ApiProperty({ type: [RuleSetInUseDto] }) ruleSets!: RuleSetInUseDto[];
  @ApiProperty({ type: [FunnelDto], description: 'One for each level of evidence; they are never added up.' })
  funnels!: FunnelDto[];
  @ApiProperty({
    nullable: true,
    type: NotRecordedDto,
    description:
      'Requests that a redirect answered and that could not be stored: they are in no funnel, and the number may lack ' +
      'some of them. Null for an episode: which file they were for is not kept.',
  })
  notRecorded!: NotRecordedDto | null;
  @ApiProperty({ type: [String] }) notes!: string[];
}
