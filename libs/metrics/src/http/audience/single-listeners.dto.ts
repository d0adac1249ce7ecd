import { ApiProperty } from '@nestjs/swagger';
import { LISTENER_EVIDENCE } from '../../application/metric-catalogue.js';
import { AnswerFrameDto } from '../metrics.dto.js';
import { AudienceSizeDto, ListenerLevelDto } from './audience.dto.js';

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
