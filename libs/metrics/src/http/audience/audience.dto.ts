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
