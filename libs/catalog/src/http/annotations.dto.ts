import { PageQueryDto } from '@lib/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';
import { IsOptional, IsUUID } from 'class-validator';
import { IsInstant } from './is-instant.js';

export class AnnotationsQueryDto extends PageQueryDto {
  @ApiPropertyOptional({
    example: '2026-03-01',
    description:
      'Begin, included: a date, which means the start of that UTC day, or an instant with its offset.',
  })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({
    example: '2026-04-01',
    description: 'End, not included, in the same forms: from=2026-03-01&to=2026-04-01 is all of March.',
  })
  @IsOptional()
  @IsInstant()
  to?: string;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Only what concerns this podcast: its own annotations and those of all podcasts.',
  })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

// Excluded by class, not by the strategy of the route: that would empty `detail`, whose keys no class declares.
@Exclude()
export class AnnotationDto {
  @ApiProperty({ format: 'uuid' }) @Expose() id!: string;
  @ApiProperty() @Expose() happenedAt!: Date;
  @ApiProperty({
    enum: ['enclosure_changed', 'prefix_changed', 'feed_moved', 'recount_applied', 'list_changed', 'note'],
    description: 'New kinds may come.',
  })
  @Expose()
  kind!: string;
  @ApiProperty({
    nullable: true,
    type: String,
    format: 'uuid',
    description: 'Null for what concerns every podcast.',
  })
  @Expose()
  podcastId!: string | null;
  @ApiProperty({
    nullable: true,
    type: String,
    format: 'uuid',
    description: 'Set for what concerns one episode only.',
  })
  @Expose()
  episodeId!: string | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { episodes: 312, changed: ['prefixes'], prefixesAdded: ['op3.dev'], prefixesRemoved: [] },
    description:
      'What there is to know, by kind. Of addresses that changed, `changed` names the parts that differ, here and with ' +
      'each example: `scheme`, `prefixes` (the way to the file), `host`, `path`, `query` (other parameters; ' +
      'addresses are not kept here, because parameters may be signatures).',
  })
  @Expose()
  detail!: Record<string, unknown>;
}

@Exclude()
export class AnnotationPageDto {
  @ApiProperty({ type: [AnnotationDto] }) @Expose() @Type(() => AnnotationDto) items!: AnnotationDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  @Expose()
  next!: string | null;
}
