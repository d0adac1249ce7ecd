import { ApiProperty } from '@nestjs/swagger';
import { AGE_STEPS } from '../../application/releases/release-catalogue.js';
import { INTERVALS } from '../../application/metric-catalogue.js';
import { AnswerFrameDto, MetricLevelDto } from '../metrics.dto.js';

const COUNT = {
  downloads: { example: 2000, description: 'All of them.' },
  backCatalogue: {
    example: 640,
    description: 'Those of episodes older than the limit when they were downloaded.',
  },
  undated: {
    example: 0,
    description:
      'Those of episodes without a date of publication, whose age nobody knows: they are in neither part.',
  },
  share: {
    nullable: true,
    type: Number,
    example: 0.32,
    description: 'backCatalogue / (downloads − undated); null when that is 0.',
  },
} as const;

export class CatalogueCountDto {
  @ApiProperty(COUNT.downloads) downloads!: number;
  @ApiProperty(COUNT.backCatalogue) backCatalogue!: number;
  @ApiProperty(COUNT.undated) undated!: number;
  @ApiProperty(COUNT.share) share!: number | null;
}

export class PodcastCatalogueDto extends CatalogueCountDto {
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
}

export class CataloguePointDto extends CatalogueCountDto {
  @ApiProperty({ example: '2026-03-29T00:00:00+01:00', description: 'Local start, included.' })
  start!: string;
  @ApiProperty({ format: 'date-time', example: '2026-03-28T23:00:00.000Z' }) startUtc!: string;
}

export class CatalogueLevelDto extends MetricLevelDto {
  @ApiProperty(COUNT.downloads) downloads!: number;
  @ApiProperty(COUNT.backCatalogue) backCatalogue!: number;
  @ApiProperty(COUNT.undated) undated!: number;
  @ApiProperty(COUNT.share) share!: number | null;
  @ApiProperty({ type: [PodcastCatalogueDto], description: 'Podcasts with downloads, most downloads first.' })
  podcasts!: PodcastCatalogueDto[];
  @ApiProperty({ type: [CataloguePointDto], description: 'Empty without an interval.' })
  points!: CataloguePointDto[];
}

export class BackCatalogueAnswerDto extends AnswerFrameDto {
  @ApiProperty({ example: 30 }) olderThanDays!: number;
  @ApiProperty({ nullable: true, type: String, enum: [...INTERVALS, null] }) interval!: string | null;
  @ApiProperty({
    enum: AGE_STEPS,
    description:
      'How exactly an episode turns old: at the quarter of an hour in which it has reached the age, or, of times whose finer ' +
      'counts retention has removed, at the next full UTC hour or UTC day. The coarsest of the answer.',
  })
  agesBy!: string;
  @ApiProperty({ type: [CatalogueLevelDto] }) levels!: CatalogueLevelDto[];
}
