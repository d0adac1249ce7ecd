import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText } from '@lib/http';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, IsUUID, Length, Max, Min } from 'class-validator';
import { IsUtcDay } from './rule-sets.dto.js';

export class CreateSnapshotDto {
  @ApiProperty({ example: 'Invoice 2026-10, Harbour Light', description: 'Unique.' })
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  name!: string;
  @ApiProperty({ example: '2026-10-01', description: 'First UTC day, included.' })
  @IsUtcDay()
  firstDay!: string;
  @ApiProperty({ example: '2026-10-31', description: 'Last UTC day, included. It must be over.' })
  @IsUtcDay()
  lastDay!: string;
  @ApiPropertyOptional({ format: 'uuid', description: 'Only this podcast.' })
  @IsOptional()
  @IsUUID()
  podcastId?: string;
}

export class SnapshotQueryDto {
  @ApiPropertyOptional({ default: 500, minimum: 1, maximum: 5000, description: 'Numbers on a page.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(5000)
  limit?: number;
  @ApiPropertyOptional({ description: 'The `next` of the page before.' })
  @IsOptional()
  @IsString()
  @Length(1, 500)
  cursor?: string;
}

export class SnapshotDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'Invoice 2026-10, Harbour Light' }) name!: string;
  @ApiProperty({ example: '2026-10-01' }) firstDay!: string;
  @ApiProperty({ example: '2026-10-31' }) lastDay!: string;
  @ApiProperty({ format: 'uuid', nullable: true, type: String, description: 'Null is every podcast.' })
  podcastId!: string | null;
  @ApiProperty({ example: 'key 3fJ9…' }) createdBy!: string;
  @ApiProperty() createdAt!: Date;
  @ApiProperty({
    example: false,
    description:
      'It was taken while late requests of its days were still accepted: more may have come since.',
  })
  provisional!: boolean;
}

export class SnapshotPageDto {
  @ApiProperty({ type: [SnapshotDto] }) items!: SnapshotDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}

export class WasAndWouldBeDto {
  @ApiProperty({ enum: ['origin_bytes', 'prefix_only'] }) evidence!: string;
  @ApiProperty({ example: 412, description: 'Frozen.' }) was!: number;
  @ApiProperty({ example: 397, description: 'What is shown now.' }) wouldBe!: number;
}

export class SnapshotTotalDto extends WasAndWouldBeDto {
  @ApiProperty({ example: 3, description: 'Numbers that differ, be the totals equal or not.' })
  differing!: number;
}

export class SnapshotNumberDto extends WasAndWouldBeDto {
  @ApiProperty({ example: '2026-10-12' }) day!: string;
  @ApiProperty({ format: 'uuid' }) podcastId!: string;
  @ApiProperty({ format: 'uuid' }) episodeId!: string;
  @ApiProperty({ example: ['1.0.0'], description: 'Versions of the rule sets it was counted under.' })
  wasUnder!: string[];
  @ApiProperty({ example: ['1.1.0'], description: 'Those of the number that is shown now.' })
  wouldBeUnder!: string[];
}

export class SnapshotDetailDto extends SnapshotDto {
  @ApiProperty({ example: true, description: 'Whether any number is another one now.' }) differs!: boolean;
  @ApiProperty({ type: [SnapshotTotalDto], description: 'Levels of evidence are never added up.' })
  totals!: SnapshotTotalDto[];
  @ApiProperty({ type: [SnapshotNumberDto], description: 'One page, by day and episode.' })
  numbers!: SnapshotNumberDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
