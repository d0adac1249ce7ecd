import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { AUDIENCE_INTERVALS, type AudienceInterval } from '../../application/audience/audience.service.js';
import { LISTENER_EVIDENCE } from '../../application/metric-catalogue.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { IdList } from '../id-list.js';
import { RangeQueryDto } from '../range-query.dto.js';
import { NameList } from '../name-list.js';

const MAX_PODCASTS = 20;
const MAX_COMPARED = 10;
const MAX_FILTER_VALUES = 20;

/** Range and level: what every question about listeners has. */
class AudienceRangeQueryDto extends OmitType(RangeQueryDto, ['podcastId']) {
  @ApiPropertyOptional({ enum: LISTENER_EVIDENCE, description: 'Only this level. Both when left out.' })
  @IsOptional()
  @IsIn(LISTENER_EVIDENCE)
  evidence?: RequestEvidence;
}

/** Also narrows to podcasts, or to an episode. */
export class ShowsQueryDto extends AudienceRangeQueryDto {
  @IdList({
    description: 'Listeners of any of these podcasts. May be repeated; the whole network when left out.',
    most: MAX_PODCASTS,
  })
  podcastId?: string[];
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Only this episode, of one of the podcasts where any are named.',
  })
  @IsOptional()
  @IsUUID()
  episodeId?: string;
}

export class AudienceQueryDto extends ShowsQueryDto {
  @ApiPropertyOptional({
    enum: AUDIENCE_INTERVALS,
    description:
      'Also listeners of each local day, week (from Monday) or month. Their sum means nothing: whoever listens on two days ' +
      'is in both.',
  })
  @IsOptional()
  @IsIn(AUDIENCE_INTERVALS)
  interval?: AudienceInterval;
  @NameList(
    'Only listeners with downloads by one of these apps. May be repeated.',
    'Overcast',
    MAX_FILTER_VALUES,
  )
  app?: string[];
  @NameList(
    'Only listeners with downloads on one of these kinds of device. May be repeated.',
    'mobile',
    MAX_FILTER_VALUES,
  )
  device?: string[];
  @NameList(
    'Only listeners with downloads from one of these countries. May be repeated.',
    'DE',
    MAX_FILTER_VALUES,
  )
  country?: string[];
}

export class OverlapQueryDto extends AudienceRangeQueryDto {
  @IdList({
    description: 'The podcasts to compare: repeat the parameter.',
    fewest: 2,
    most: MAX_COMPARED,
    required: true,
  })
  podcastId!: string[];
}

export class SubscribersQueryDto extends AudienceRangeQueryDto {
  @ApiProperty({ format: 'uuid', description: 'The podcast that they subscribe to.' })
  @IsUUID()
  podcastId!: string;
}
