import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsISO31661Alpha2,
  IsOptional,
} from 'class-validator';
import { IsTimeZone } from '@lib/http';

/** A query parameter that may be repeated: Fastify gives one as a string and several as an array. */
const repeatable = ({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value);
const flag = ({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value);

/** A practice of the other party that may be unknown. */
const Practice = (description: string) =>
  applyDecorators(
    ApiPropertyOptional({ type: Boolean, description: `${description} Leave it out when nobody knows.` }),
    IsOptional(),
    Transform(flag),
    IsBoolean(),
  );

const THEIR_WINDOWS = ['calendar_day', 'first_touch', 'last_touch', 'other'] as const;
const THEIR_EVIDENCE = ['origin_bytes', 'prefix_only', 'client_confirmed'] as const;

/** What the other party says about how it counts. */
export class TheirSettingsDto {
  @ApiProperty({
    example: 'UTC',
    description: 'IANA time zone in which its days are cut; ours are cut there too.',
  })
  @IsTimeZone()
  timeZone!: string;
  @ApiProperty({ enum: THEIR_WINDOWS, example: 'calendar_day', description: 'As in PTMG v2.3 §5.5.1.' })
  @IsIn(THEIR_WINDOWS)
  window!: (typeof THEIR_WINDOWS)[number];
  @ApiProperty({
    enum: THEIR_EVIDENCE,
    example: 'origin_bytes',
    description: 'What it counts from: logs with bytes, a redirect prefix, or reports of players.',
  })
  @IsIn(THEIR_EVIDENCE)
  evidence!: (typeof THEIR_EVIDENCE)[number];
  @ApiProperty({ type: Boolean, example: true, description: 'Whether it leaves out requests of known bots.' })
  @Transform(flag)
  @IsBoolean()
  botsFiltered!: boolean;
  @ApiPropertyOptional({
    isArray: true,
    type: String,
    example: ['DE'],
    description:
      'Countries that its numbers are limited to (ISO 3166-1 alpha-2, may be repeated). All when left out.',
  })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(250)
  @IsISO31661Alpha2({ each: true })
  countries?: string[];
  @Practice('Whether a download needs one minute of content.') oneMinuteRule?: boolean;
  @Practice('Whether IPv6 addresses are cut to 64 bits.') ipv6Prefix?: boolean;
  @Practice('Whether requests of Apple Watches are left out.') appleWatchFiltered?: boolean;
  @Practice('Whether requests of data centres are left out.') dataCentresFiltered?: boolean;
  @Practice('Whether two-byte probes of players are ignored.') rangeProbesIgnored?: boolean;
  @Practice('Whether byte ranges are united instead of added up.') rangesUnited?: boolean;
  @Practice('Whether a listener is an address and a user agent and nothing else.')
  addressAndAgentKey?: boolean;
}

export class ComparisonDto {
  @ApiProperty({ example: 399 }) ours!: number;
  @ApiProperty({ example: 412 }) theirs!: number;
  @ApiProperty({ example: -13, description: 'ours − theirs.' }) difference!: number;
  @ApiProperty({
    example: -0.0316,
    nullable: true,
    type: Number,
    description: '(ours − theirs) / theirs. Null where theirs is 0.',
  })
  ratio!: number | null;
  @ApiProperty({ enum: ['expected', 'investigate'] }) verdict!: string;
}

export class SubjectComparisonDto extends ComparisonDto {
  @ApiProperty({ enum: ['episode', 'podcast'], description: 'What a row of the file is about.' })
  level!: string;
  @ApiProperty({ format: 'uuid' }) subjectId!: string;
  @ApiProperty({ example: 'The keeper' }) title!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
}

export class DayComparisonDto extends ComparisonDto {
  @ApiProperty({ example: '2026-10-12' }) day!: string;
}

export class CellComparisonDto extends DayComparisonDto {
  @ApiProperty({ format: 'uuid' }) subjectId!: string;
}

export class RuleEffectDto {
  @ApiProperty({ example: 421, description: 'Our number with that one rule changed.' }) downloads!: number;
  @ApiProperty({ example: 22, description: 'More than with nothing changed; below 0 for less.' })
  change!: number;
}

const EFFECT = {
  nullable: true,
  type: RuleEffectDto,
  description: 'Counted again from the same requests. Null where they cannot tell, see `recounted`.',
} as const;

export class RecountedDto {
  @ApiProperty({
    enum: ['counted', 'not_needed', 'no_requests', 'requests_removed', 'too_many_requests'],
    description:
      'Whether requests were counted again: there was nothing to explain, there are none, they are no longer kept, or they are more than one answer counts (100,000).',
  })
  state!: string;
  @ApiProperty({ example: 8_214, description: 'Requests of the days, of all podcasts.' }) requests!: number;
  @ApiProperty({
    example: 399,
    nullable: true,
    type: Number,
    description: 'Our number counted again with nothing changed. Null where nothing was.',
  })
  downloads!: number | null;
}

export class SettingDifferenceDto {
  @ApiProperty({ enum: ['podcasts', 'window', 'evidence', 'geography', 'bots'] })
  setting!: string;
  @ApiProperty({ example: 'first_touch' }) theirs!: string;
  @ApiProperty({ example: 'calendar_day' }) ours!: string;
  @ApiProperty({ example: 'Another window merges other requests into one download.' })
  reason!: string;
  @ApiProperty(EFFECT) effect!: RuleEffectDto | null;
}

export class LikelyCauseDto {
  @ApiProperty({ example: 'one_minute' }) code!: string;
  @ApiProperty({ enum: ['ours', 'theirs'], description: 'It can explain that this side is the larger one.' })
  larger!: string;
  @ApiProperty({ example: 'They count requests that never reached one minute of content.' })
  explanation!: string;
  @ApiProperty({
    enum: ['declared', 'known', 'possible'],
    description: 'Declared by the other party, known of our own numbers, or only possible.',
  })
  certainty!: string;
  @ApiProperty(EFFECT) effect!: RuleEffectDto | null;
}

export class LeftOutDto {
  @ApiProperty({ format: 'uuid' }) episodeId!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ example: 31 }) downloads!: number;
}

export class UnmatchedRowDto {
  @ApiProperty({ example: 7, description: 'Line of the file.' }) line!: number;
  @ApiProperty({ enum: ['no_such_episode', 'no_such_podcast', 'ambiguous'] }) reason!: string;
  @ApiProperty({ example: '2026-10-12' }) day!: string;
  @ApiProperty({ example: 12 }) count!: number;
  @ApiProperty({ nullable: true, type: String, format: 'uuid' }) episodeId!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'hl-9' }) guid!: string | null;
  @ApiProperty({ nullable: true, type: String, example: null }) title!: string | null;
  @ApiProperty({ nullable: true, type: String, example: 'Harbour Light' }) podcast!: string | null;
}

export class RuleSetNameDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: '1.0.0' }) version!: string;
}

export class ReconciliationDto {
  @ApiProperty({ enum: ['not_comparable', 'expected', 'investigate'], description: 'Of the total.' })
  verdict!: string;
  @ApiProperty({ example: 'Europe/Berlin', description: 'Of all days, but for `uncountedDays`.' })
  timeZone!: string;
  @ApiProperty({ example: '2026-10-12' }) firstDay!: string;
  @ApiProperty({ example: '2026-10-13', description: 'Included.' }) lastDay!: string;
  @ApiProperty({ type: [RuleSetNameDto], description: 'Under which our numbers were counted.' })
  ruleSets!: RuleSetNameDto[];
  @ApiProperty({ type: [String], example: [], description: 'UTC days on which nothing was counted here.' })
  uncountedDays!: string[];
  @ApiProperty({ type: [SettingDifferenceDto], description: 'Why the numbers are not compared.' })
  differences!: SettingDifferenceDto[];
  @ApiProperty({ nullable: true, type: ComparisonDto, description: 'Null where nothing is compared.' })
  total!: ComparisonDto | null;
  @ApiProperty({ type: [SubjectComparisonDto], description: 'Sums over days.' })
  subjects!: SubjectComparisonDto[];
  @ApiProperty({ type: [DayComparisonDto], description: 'Sums over episodes and podcasts.' })
  days!: DayComparisonDto[];
  @ApiProperty({ type: [CellComparisonDto], description: 'One for each episode, or podcast, and day.' })
  cells!: CellComparisonDto[];
  @ApiProperty({ type: [LikelyCauseDto] }) causes!: LikelyCauseDto[];
  @ApiProperty({ type: RecountedDto }) recounted!: RecountedDto;
  @ApiProperty({
    type: [LeftOutDto],
    description:
      'Our downloads of episodes that the file leaves out though it has others of their podcast. Not compared.',
  })
  leftOut!: LeftOutDto[];
  @ApiProperty({ type: [UnmatchedRowDto], description: 'Rows that fit no episode or podcast. Not compared.' })
  unmatched!: UnmatchedRowDto[];
  @ApiProperty({ type: [String], example: ['country'], description: 'Columns that say nothing here.' })
  ignoredColumns!: string[];
}
