import { ApiProperty } from '@nestjs/swagger';
import { Expose, Type } from 'class-transformer';

export class FeedErrorDto {
  @ApiProperty({ example: 'feed_status', description: 'Stable; programs may branch on it.' })
  @Expose()
  code!: string;
  @ApiProperty({ example: 'the server of the feed answers 503' }) @Expose() message!: string;
}

export class FeedStateDto {
  @ApiProperty({
    nullable: true,
    type: String,
    example: 'https://feeds.harbourlight.example/signal-and-salt',
  })
  @Expose()
  url!: string | null;
  @ApiProperty({ nullable: true, type: Date, description: 'When the feed was last asked for.' })
  @Expose()
  checkedAt!: Date | null;
  @ApiProperty({
    nullable: true,
    type: Date,
    description:
      'When it is asked for next. Null when it is not: without an address, archived, or gone for good (410).',
  })
  @Expose()
  nextCheckAt!: Date | null;
  @ApiProperty({ example: 0, description: 'Polls in a row that failed. Each doubles the wait, up to a day.' })
  @Expose()
  failures!: number;
  @ApiProperty({
    nullable: true,
    type: FeedErrorDto,
    description:
      'Why the last poll brought nothing, or (feed_move_failed) why a move that the feed announces was not followed.',
  })
  @Expose()
  @Type(() => FeedErrorDto)
  error!: FeedErrorDto | null;
}
