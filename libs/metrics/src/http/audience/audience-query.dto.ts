import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
} from 'class-validator';
import { AUDIENCE_INTERVALS, type AudienceInterval } from '../../application/audience/audience.service.js';
import { LISTENER_EVIDENCE } from '../../application/metric-catalogue.js';
import type { RequestEvidence } from '../../domain/audience/request-evidence.js';
import { RangeQueryDto, repeatable } from '../metrics-query.dto.js';

const MAX_PODCASTS = 20;
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
  @ApiPropertyOptional({
    type: [String],
    format: 'uuid',
    maxItems: MAX_PODCASTS,
    description: 'Listeners of any of these podcasts. May be repeated; the whole network when left out.',
  })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_PODCASTS)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  podcastId?: string[];
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Only this episode, of one of the podcasts where any are named.',
  })
  @IsOptional()
  @IsUUID()
  episodeId?: string;
}

/** Values of a filter on downloads. */
const filter = (description: string, example: string) => [
  ApiPropertyOptional({ type: [String], example: [example], maxItems: MAX_FILTER_VALUES, description }),
  IsOptional(),
  Transform(repeatable),
  IsArray(),
  ArrayMinSize(1),
  ArrayMaxSize(MAX_FILTER_VALUES),
  IsString({ each: true }),
  MaxLength(200, { each: true }),
];
function Filter(description: string, example: string): PropertyDecorator {
  return (target, property) => {
    for (const decorate of filter(description, example)) decorate(target, property);
  };
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
  @Filter('Only listeners with downloads by one of these apps. May be repeated.', 'Overcast')
  app?: string[];
  @Filter('Only listeners with downloads on one of these kinds of device. May be repeated.', 'mobile')
  device?: string[];
  @Filter('Only listeners with downloads from one of these countries. May be repeated.', 'DE')
  country?: string[];
}

export class OverlapQueryDto extends AudienceRangeQueryDto {
  @ApiProperty({
    type: [String],
    format: 'uuid',
    minItems: 2,
    maxItems: 10,
    description: 'The podcasts to compare: repeat the parameter.',
  })
  @Transform(repeatable)
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsUUID(undefined, { each: true })
  podcastId!: string[];
}

export class SubscribersQueryDto extends AudienceRangeQueryDto {
  @ApiProperty({ format: 'uuid', description: 'The podcast that they subscribe to.' })
  @IsUUID()
  podcastId!: string;
}
