import { ApiProperty } from '@nestjs/swagger';
import { AUDIENCE_INTERVALS } from '../../application/audience/audience.service.js';
import { LISTENER_EVIDENCE } from '../../application/metric-catalogue.js';
import { AnswerFrameDto } from '../metrics.dto.js';

/** A number of listeners is always at one level of evidence. */
export class ListenerLevelDto {
  @ApiProperty({
    enum: ['listeners'],
    description:
      'Unique IP address (IPv6 cut to /64) and user agent within a stated period, with at least one download (PTMG v2.3 ' +
      '§6.2). The period is the range or the bucket that the number stands for.',
  })
  metric!: string;
  @ApiProperty({
    enum: LISTENER_EVIDENCE,
    example: 'origin_bytes',
    description:
      'How strong the proof is. Listeners of different levels are the same people seen twice and must not be added up; ' +
      'neither must listeners of different days, episodes or podcasts.',
  })
  evidence!: string;
  @ApiProperty({ example: true, description: 'A core metric of PTMG v2.3.' }) core!: boolean;
}

/** How many listeners, and how sure that is. */
export class AudienceSizeDto {
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 48210,
    description: 'Null where the range spans several key periods and only bounds are known.',
  })
  listeners!: number | null;
  @ApiProperty({
    example: false,
    description:
      'True when all of them were counted, false when the number is estimated or only bounds are known.',
  })
  exact!: boolean;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.0124,
    description:
      'Relative standard error of an estimate: at most 0.02 for listeners of a show. Null where nothing is estimated, or ' +
      'too little is known to tell.',
  })
  standardError!: number | null;
  @ApiProperty({
    example: 47052,
    description:
      'There are not fewer: for certain when exact, with 95 % confidence when estimated. Across key periods it is the ' +
      'largest part.',
  })
  lower!: number;
  @ApiProperty({
    example: 49397,
    description:
      'There are not more, in the same sense. Across key periods it is the sum of the parts: nobody knows who came back.',
  })
  upper!: number;
}

export class ListenersDto extends AudienceSizeDto {
  @ApiProperty({
    example: 1,
    description:
      'Parts of the range between which listeners change ids: key periods, and log imports, which have keys of their own. ' +
      'Every range of at most half a key period (45 days unless set otherwise) is one part, imports aside.',
  })
  keyPeriods!: number;
  @ApiProperty({
    example: 12,
    description:
      'Downloads of which nobody knows whose they are, such as those of addresses that were cut for privacy or of ' +
      'listeners who were erased. They are in no number of listeners.',
  })
  unidentifiedDownloads!: number;
}

export class AudiencePointDto extends ListenersDto {
  @ApiProperty({ example: '2026-03-29T00:00:00+01:00', description: 'Local start, included.' })
  start!: string;
  @ApiProperty({ format: 'date-time', example: '2026-03-28T23:00:00.000Z' }) startUtc!: string;
}

export class AudienceDto extends ListenerLevelDto {
  @ApiProperty({ type: ListenersDto, description: 'Of the whole range: the union, never a sum.' })
  whole!: ListenersDto;
  @ApiProperty({ nullable: true, type: [AudiencePointDto], description: 'Null without `interval`.' })
  points!: AudiencePointDto[] | null;
}

export class AudienceAnswerDto extends AnswerFrameDto {
  @ApiProperty({ nullable: true, type: String, enum: AUDIENCE_INTERVALS, example: null })
  interval!: string | null;
  @ApiProperty({ type: [AudienceDto] }) audiences!: AudienceDto[];
}

/** An answer about single listeners, who must have one id all over the range. */
export class WholeAudienceAnswerDto extends AnswerFrameDto {
  @ApiProperty({
    enum: LISTENER_EVIDENCE,
    isArray: true,
    example: [],
    description:
      'Levels that are left out, because the range holds log imports, which have listener keys of their own.',
  })
  undetermined!: readonly string[];
}

export class OverlapPodcastDto extends AudienceSizeDto {
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ example: 12, description: 'Downloads of which nobody knows whose they are.' })
  unidentifiedDownloads!: number;
}

export class OverlapPairDto {
  @ApiProperty({ format: 'uuid' }) firstPodcastId!: string;
  @ApiProperty({ format: 'uuid' }) secondPodcastId!: string;
  @ApiProperty({ type: AudienceSizeDto, description: 'Listeners of both.' }) common!: AudienceSizeDto;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.21,
    description: 'Common / listeners of the first.',
  })
  shareOfFirst!: number | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.08,
    description: 'Common / listeners of the second.',
  })
  shareOfSecond!: number | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.06,
    description: 'Common / listeners of either (Jaccard index).',
  })
  jaccard!: number | null;
}

export class OverlapDto extends ListenerLevelDto {
  @ApiProperty({ type: [OverlapPodcastDto] }) podcasts!: OverlapPodcastDto[];
  @ApiProperty({ type: [OverlapPairDto], description: 'Each two podcasts once.' }) pairs!: OverlapPairDto[];
}

export class OverlapAnswerDto extends WholeAudienceAnswerDto {
  @ApiProperty({ type: [OverlapDto] }) overlaps!: OverlapDto[];
}

export class ReturningDto extends ListenerLevelDto {
  @ApiProperty({
    example: '2026-01-21T00:00:00.000Z',
    description:
      'Returning is who also downloaded between this instant and `from`: as far back as listeners have the same ids. ' +
      'When it is `from` itself, nothing can be compared and everybody is new.',
  })
  comparedSince!: Date;
  @ApiProperty({ type: AudienceSizeDto }) listeners!: AudienceSizeDto;
  @ApiProperty({ type: AudienceSizeDto }) returning!: AudienceSizeDto;
  @ApiProperty({ type: AudienceSizeDto, description: 'Listeners who are not returning.' })
  new!: AudienceSizeDto;
  @ApiProperty({ example: 12, description: 'Downloads of which nobody knows whose they are.' })
  unidentifiedDownloads!: number;
}

export class ReturningAnswerDto extends WholeAudienceAnswerDto {
  @ApiProperty({ type: [ReturningDto] }) audiences!: ReturningDto[];
}

export class ConcentrationDto extends ListenerLevelDto {
  @ApiProperty({ example: 48210 }) listeners!: number;
  @ApiProperty({ example: 120400, description: 'Downloads of those listeners.' }) downloads!: number;
  @ApiProperty({ example: 12, description: 'Downloads of which nobody knows whose they are.' })
  unidentifiedDownloads!: number;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 0.11,
    description:
      'Share of the downloads by the 1 % of listeners with the most downloads (rounded up to a listener). Null without ' +
      'downloads.',
  })
  top1PercentShare!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 0.27, description: 'The same of the top 5 %.' })
  top5PercentShare!: number | null;
}

export class ConcentrationAnswerDto extends WholeAudienceAnswerDto {
  @ApiProperty({ type: [ConcentrationDto] }) audiences!: ConcentrationDto[];
}

export class SubscriberAppDto {
  @ApiProperty({ example: 'Overcast' }) app!: string;
  @ApiProperty({ example: 4120 }) subscribers!: number;
  @ApiProperty({ example: 0.34, description: 'Of the subscribers at this level.' }) share!: number;
}

export class SubscribersDto extends ListenerLevelDto {
  @ApiProperty({ example: 12120 }) subscribers!: number;
  @ApiProperty({ type: [SubscriberAppDto], description: 'Most used first.' }) apps!: SubscriberAppDto[];
}

export class SubscribersAnswerDto extends WholeAudienceAnswerDto {
  @ApiProperty({
    example: 8,
    description: 'Episodes that came out in the range, at least 48 hours before its end.',
  })
  episodes!: number;
  @ApiProperty({ example: 4, description: 'How many of them a subscriber has downloaded soon, at least.' })
  episodesNeeded!: number;
  @ApiProperty({ type: [SubscribersDto] }) audiences!: SubscribersDto[];
}
