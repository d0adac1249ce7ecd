import { ApiProperty } from '@nestjs/swagger';
import {
  EVENT_METRICS,
  EVIDENCE_LEVELS,
  INTERVALS,
  LISTEN_TIME,
  METRICS,
} from '../application/metric-catalogue.js';

/** Under which rules downloads were counted. */
export class CountedUnderDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: '1.0.0' }) version!: string;
  @ApiProperty({
    example: 'calendar_day',
    enum: ['calendar_day', 'first_touch', 'last_touch'],
    description: 'When two requests of one listener for one episode are one download (PTMG v2.3 §5.5.1).',
  })
  window!: string;
}

/** What every answer says about itself. */
export class AnswerFrameDto {
  @ApiProperty({ example: 'Europe/Berlin' }) timeZone!: string;
  @ApiProperty({ example: '2026-02-28T23:00:00.000Z', description: 'Begin of the range, included.' })
  from!: Date;
  @ApiProperty({ example: '2026-03-31T22:00:00.000Z', description: 'End of the range, not included.' })
  to!: Date;
  @ApiProperty({
    nullable: true,
    type: Date,
    example: '2026-03-12T09:30:01.250Z',
    description:
      'Every event of the range that was acknowledged before this instant is counted; later ones may be. Null when a ' +
      'read replica cannot tell yet.',
  })
  asOf!: Date | null;
  @ApiProperty({
    type: [CountedUnderDto],
    description:
      'The rule sets under which the downloads of the range were counted; more than one after the rules were changed.',
  })
  ruleSets!: CountedUnderDto[];
  @ApiProperty({
    type: [String],
    example: [],
    description:
      'UTC days on which the numbers are on their way from one rule set to another, for seconds after a recount was ' +
      'applied: downloads of the range may be of both until this is empty.',
  })
  switchingDays!: string[];
}

/** A number is always of one metric at one level of evidence. */
export class MetricLevelDto {
  @ApiProperty({
    enum: METRICS,
    example: 'play',
    description:
      'Values count events or downloads; those of `listen_time` are milliseconds of content heard.',
  })
  metric!: string;
  @ApiProperty({
    enum: EVIDENCE_LEVELS,
    example: 'client_confirmed',
    description:
      'How strong the proof is. Counts of one metric and one level may be added up over time, episodes and podcasts; ' +
      'counts of different levels describe the same listening twice and must not be.',
  })
  evidence!: string;
  @ApiProperty({
    example: true,
    description:
      'True for `downloads`, the core metric of PTMG v2.3. False for counts of events as they came in: ' +
      '`download_request` counts requests, before any filter, window or threshold, not downloads; and for ' +
      '`listen_time`.',
  })
  core!: boolean;
}

export class PointDto {
  @ApiProperty({
    example: '2026-03-29T00:00:00+01:00',
    description: 'Local start, included. The point ends where the next starts, the last one at `to`.',
  })
  start!: string;
  @ApiProperty({ format: 'date-time', example: '2026-03-28T23:00:00.000Z' }) startUtc!: string;
  @ApiProperty({ example: 1204 }) value!: number;
}

export class SeriesDto extends MetricLevelDto {
  @ApiProperty({ type: [PointDto], description: 'Ascending and without gaps: no events are a 0.' })
  points!: PointDto[];
}

export class SeriesAnswerDto extends AnswerFrameDto {
  @ApiProperty({ enum: INTERVALS }) interval!: string;
  @ApiProperty({ type: [SeriesDto] }) series!: SeriesDto[];
}

export class PreviousRangeDto {
  @ApiProperty({ example: '2026-01-28T23:00:00.000Z' }) from!: Date;
  @ApiProperty({ example: '2026-02-28T23:00:00.000Z' }) to!: Date;
}

export class TotalDto extends MetricLevelDto {
  @ApiProperty({ example: 1204 }) value!: number;
  @ApiProperty({ nullable: true, type: Number, example: 980, description: 'Null without `compare`.' })
  previousValue!: number | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.2286,
    description: '(value − previousValue) / previousValue; null when that is 0 or nothing is compared.',
  })
  change!: number | null;
}

export class TotalsAnswerDto extends AnswerFrameDto {
  @ApiProperty({ nullable: true, type: PreviousRangeDto, description: 'The range compared with.' })
  previous!: PreviousRangeDto | null;
  @ApiProperty({ type: [TotalDto] }) totals!: TotalDto[];
}

export class RankedEpisodeDto {
  @ApiProperty({ example: 1, description: 'Episodes with the same value have the same rank.' })
  rank!: number;
  @ApiProperty({ format: 'uuid' }) episodeId!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ example: 'How lighthouses were automated' }) title!: string;
  @ApiProperty({ nullable: true, type: Date, example: '2026-03-02T05:00:00.000Z' })
  publishedAt!: Date | null;
  @ApiProperty({ example: 412 }) value!: number;
  @ApiProperty({ example: 0.3422, description: 'value / total of the ranking.' }) share!: number;
}

export class RankingDto extends MetricLevelDto {
  @ApiProperty({ example: 1204, description: 'Of all episodes in the scope, also those not listed.' })
  total!: number;
  @ApiProperty({
    type: [RankedEpisodeDto],
    description: 'Most events first; equal values newest first. Episodes without events are left out.',
  })
  episodes!: RankedEpisodeDto[];
}

export class TopEpisodesAnswerDto extends AnswerFrameDto {
  @ApiProperty({ type: [RankingDto], description: 'One ranking for each level of evidence.' })
  rankings!: RankingDto[];
}

export class RecountDto extends MetricLevelDto {
  @ApiProperty({ enum: [...EVENT_METRICS, LISTEN_TIME], example: 'play' }) override metric!: string;
  @ApiProperty({ example: 1204, description: 'From rollups, as every other answer.' })
  rollup!: number;
  @ApiProperty({ example: 1204, description: 'Counted now, row by row.' }) raw!: number;
  @ApiProperty({ example: true }) equal!: boolean;
}

export class RecountAnswerDto extends AnswerFrameDto {
  @ApiProperty({
    example: true,
    description: 'True when every pair agrees. They may differ only by events acknowledged after `asOf`.',
  })
  equal!: boolean;
  @ApiProperty({ type: [RecountDto] }) counts!: RecountDto[];
}
