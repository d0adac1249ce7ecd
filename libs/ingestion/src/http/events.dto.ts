import { ApiProperty } from '@nestjs/swagger';

/** What became of one event of a batch. */
export class EventResultDto {
  @ApiProperty({ example: 0, description: 'Position in the batch.' }) index!: number;
  @ApiProperty({
    example: '01JB4M9Q3W8Z6V5T2R1P0N7K4H',
    nullable: true,
    type: String,
    description: 'The id as sent, when it is text.',
  })
  id!: string | null;
  @ApiProperty({ enum: ['accepted', 'duplicate', 'rejected', 'retry'] }) status!:
    'accepted' | 'duplicate' | 'rejected' | 'retry';
  @ApiProperty({
    required: false,
    example: 'too_old',
    description: 'Why it was rejected; absent on success.',
  })
  code?: string;
  @ApiProperty({ required: false, example: '/occurredAt', description: 'JSON pointer into the event.' })
  field?: string;
  @ApiProperty({ required: false, example: 'lies before the acceptance window and is not stored' })
  detail?: string;
}

/** accepted + duplicates + rejected + retryable = events sent. */
export class BatchResultDto {
  @ApiProperty({ example: 1 }) accepted!: number;
  @ApiProperty({ example: 0 }) duplicates!: number;
  @ApiProperty({ example: 0 }) rejected!: number;
  @ApiProperty({ example: 0 }) retryable!: number;
  @ApiProperty({ type: [EventResultDto] }) results!: EventResultDto[];
}
