import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsTimeZone } from '@lib/http';
import { IsOptional, IsString, IsUUID, Length } from 'class-validator';

/** Range and scope: what every question has. */
export class RangeQueryDto {
  @ApiProperty({
    example: '2026-03-01',
    description:
      'Begin of the range, included: a date, which means the start of that local day, or an instant with its offset ' +
      'on a multiple of 5 minutes (2026-03-01T00:00:00Z).',
  })
  @IsString()
  @Length(10, 40)
  from!: string;
  @ApiProperty({
    example: '2026-04-01',
    description:
      'End of the range, not included, in the same forms: from=2026-03-01&to=2026-04-01 is all of March.',
  })
  @IsString()
  @Length(10, 40)
  to!: string;
  @ApiPropertyOptional({
    example: 'Europe/Berlin',
    description: 'IANA time zone of days, weeks and months. The tenant’s own when left out.',
  })
  @IsOptional()
  @IsTimeZone()
  timeZone?: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

/** Also narrows to an episode. */
export class EpisodeRangeQueryDto extends RangeQueryDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this episode.' })
  @IsOptional()
  @IsUUID()
  episodeId?: string;
}
