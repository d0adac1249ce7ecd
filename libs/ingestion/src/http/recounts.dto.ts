import { ApiProperty } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';
import { OUTCOMES } from '../application/counting-catalogue.js';
import { IsUtcDay } from './rule-sets.dto.js';

export class CreateRecountDto {
  @ApiProperty({ format: 'uuid', description: 'Count under this rule set.' })
  @IsUUID()
  ruleSetId!: string;
  @ApiProperty({ example: '2026-10-12', description: 'First UTC day, included.' })
  @IsUtcDay()
  firstDay!: string;
  @ApiProperty({ example: '2026-10-14', description: 'Last UTC day, included.' })
  @IsUtcDay()
  lastDay!: string;
}

export class RecountJobDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) ruleSetId!: string;
  @ApiProperty({ example: '2026-10-12' }) firstDay!: string;
  @ApiProperty({ example: '2026-10-14' }) lastDay!: string;
  @ApiProperty({
    enum: ['queued', 'counted', 'applied', 'discarded', 'failed'],
    description: '`counted` waits for a person to apply or discard it.',
  })
  state!: string;
  @ApiProperty({ nullable: true, type: String, example: '2026-10-13' }) doneThrough!: string | null;
  @ApiProperty({ example: 'key 3fJ9…' }) requestedBy!: string;
  @ApiProperty({
    description: 'Files are counted as they were known then, a day that was running as at its end.',
  })
  requestedAt!: Date;
  @ApiProperty({ nullable: true, type: Date }) countedAt!: Date | null;
  @ApiProperty({ nullable: true, type: String }) decidedBy!: string | null;
  @ApiProperty({ nullable: true, type: Date }) decidedAt!: Date | null;
  @ApiProperty({ nullable: true, type: String }) error!: string | null;
}

export class RecountDifferenceDto {
  @ApiProperty({
    example: '2026-10-12',
    description:
      'UTC day of the requests. A download that went on over midnight changes on the day that completes it, and is shown on ' +
      'the day on which it began.',
  })
  day!: string;
  @ApiProperty({ format: 'uuid', description: 'All zeros: requests for no episode.' }) podcastId!: string;
  @ApiProperty({ enum: ['origin_bytes', 'prefix_only'] }) evidence!: string;
  @ApiProperty({ enum: OUTCOMES, description: 'What the requests are under the rules that are shown.' })
  outcomeBefore!: string;
  @ApiProperty({ enum: OUTCOMES, description: 'What they would be: the reason of the change.' })
  outcomeAfter!: string;
  @ApiProperty({
    enum: ['rules_changed', 'episode_file_changed'],
    description:
      '`episode_file_changed`: under the rules that are shown it would be another outcome, too, since the size, the header ' +
      'or the duration of the file that was known when the recount was asked for is not the one that the day keeps.',
  })
  cause!: string;
  @ApiProperty({ example: 12 }) requests!: number;
}

export class RecountDetailDto extends RecountJobDto {
  @ApiProperty({
    type: [RecountDifferenceDto],
    description:
      'Requests whose outcome changes. Those that become `counted`, less those that cease to be, are the change in ' +
      'downloads.',
  })
  differences!: RecountDifferenceDto[];
}

export class RecountPageDto {
  @ApiProperty({ type: [RecountJobDto] }) items!: RecountJobDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}
