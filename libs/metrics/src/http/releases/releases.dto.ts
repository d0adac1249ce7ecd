import { ApiProperty } from '@nestjs/swagger';
import { HORIZONS } from '../../application/releases/release-catalogue.js';
import { AnswerFrameDto, MetricLevelDto } from '../metrics.dto.js';

export class BenchmarkDto {
  @ApiProperty({ enum: HORIZONS, example: 7, description: 'Days of 24 hours since publication.' })
  days!: number;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 1204,
    description: 'Null until that time has passed.',
  })
  downloads!: number | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.82,
    description:
      'The share of the show’s earlier episodes with fewer downloads by the same age; equal ones count half. Compared with ' +
      'the last 50, or fewer, that were published before this one and have reached that age. Null without any.',
  })
  percentile!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 987, description: 'Of the same earlier episodes.' })
  median!: number | null;
  @ApiProperty({ example: 50, description: 'How many earlier episodes that are.' }) comparedWith!: number;
}

export class ReleaseLevelDto extends MetricLevelDto {
  @ApiProperty({ example: 1312, description: 'Since publication, within 366 days.' }) soFar!: number;
  @ApiProperty({ type: [BenchmarkDto] }) horizons!: BenchmarkDto[];
}

class EpisodeHeadDto {
  @ApiProperty({ format: 'uuid' }) episodeId!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ example: 'How lighthouses were automated' }) title!: string;
}

export class ReleaseDto extends EpisodeHeadDto {
  @ApiProperty({ example: '2026-03-02T05:00:10.000Z' }) publishedAt!: Date;
  @ApiProperty({
    example: '2026-03-02T05:00:00.000Z',
    description: 'The start of the quarter of an hour in which it was published: ages are counted from then.',
  })
  startedAt!: Date;
  @ApiProperty({
    type: [ReleaseLevelDto],
    description: 'Levels at which neither the episode nor an earlier one had downloads are left out.',
  })
  levels!: ReleaseLevelDto[];
}

export class ReleasesAnswerDto extends AnswerFrameDto {
  @ApiProperty({
    nullable: true,
    type: Date,
    description:
      'Episodes that were published then or before are left out: retention has removed what was stored of them. Null where ' +
      'it has removed nothing.',
  })
  goneUntil!: Date | null;
  @ApiProperty({ type: [ReleaseDto], description: 'Published episodes, the last one first.' })
  items!: ReleaseDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}

export class CurveLevelDto extends MetricLevelDto {
  @ApiProperty({ example: 310, description: 'Within the days asked for, the running hour and day included.' })
  soFar!: number;
  @ApiProperty({
    type: [Number],
    example: [12, 31, 55],
    description:
      'Downloads within the first hour, two hours and so on: hours that have passed, of the first 7 days.',
  })
  hourly!: number[];
  @ApiProperty({
    type: [Number],
    example: [204, 290],
    description: 'Downloads within the first 24 hours, 48 hours and so on: days that have passed.',
  })
  daily!: number[];
}

export class EpisodeCurveDto extends EpisodeHeadDto {
  @ApiProperty({ nullable: true, type: Date, example: '2026-03-02T05:00:10.000Z' }) publishedAt!: Date | null;
  @ApiProperty({ type: [CurveLevelDto] }) levels!: CurveLevelDto[];
}

export class UsualPointDto {
  @ApiProperty({ example: 7, description: 'Days of 24 hours since publication.' }) days!: number;
  @ApiProperty({ example: 48, description: 'How many episodes have reached that age.' }) episodes!: number;
  @ApiProperty({ example: 700 }) lowerQuartile!: number;
  @ApiProperty({ example: 810 }) median!: number;
  @ApiProperty({ example: 990 }) upperQuartile!: number;
}

export class UsualLevelDto extends MetricLevelDto {
  @ApiProperty({ type: [UsualPointDto] }) points!: UsualPointDto[];
}

export class UsualCurveDto {
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ type: [UsualLevelDto] }) levels!: UsualLevelDto[];
}

export class ReleaseCurveAnswerDto extends AnswerFrameDto {
  @ApiProperty({ example: 90 }) days!: number;
  @ApiProperty({ type: [EpisodeCurveDto] }) episodes!: EpisodeCurveDto[];
  @ApiProperty({
    type: [UsualCurveDto],
    description: 'Of each of their shows: its last 50 episodes or fewer, those asked for left out.',
  })
  shows!: UsualCurveDto[];
}
