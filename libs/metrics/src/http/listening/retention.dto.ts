import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { RangeQueryDto } from '../range-query.dto.js';
import { AnswerFrameDto } from '../metrics.dto.js';
import { repeatable } from '../repeatable.js';

const MAX_WINDOWS = 20;

export class RetentionQueryDto extends RangeQueryDto {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  episodeId!: string;
  @ApiPropertyOptional({
    type: [String],
    example: ['600000-630000'],
    maxItems: MAX_WINDOWS,
    description:
      'A part of the episode in milliseconds, such as an ad: begin, included, and end. May be repeated. Without any, the ' +
      '30 seconds from each position at which `ad_delivered` or `ad_play` told of a placement.',
  })
  @IsOptional()
  @Transform(repeatable)
  @IsArray()
  @ArrayMaxSize(MAX_WINDOWS)
  @IsString({ each: true })
  @MaxLength(20, { each: true })
  window?: string[];
}

const share = (example: number, description: string) =>
  ApiProperty({ nullable: true, type: Number, example, description });

export class CurvePointDto {
  @ApiProperty({ example: 600_000, description: 'Begin in the episode, included.' }) startMs!: number;
  @ApiProperty({ example: 610_000, description: 'End, not included.' }) endMs!: number;
  @ApiProperty({ example: 2_310_000, description: 'Of these 10 seconds, by all listeners together.' })
  heardMs!: number;
  @share(
    0.77,
    'How much of it each start heard on average: heardMs / length / starts. Above 1 where passages are heard again, ' +
      'or by listeners who had started before the range.',
  )
  share!: number | null;
}

export class DropDto {
  @ApiProperty({ example: 600_000, description: 'Where the lower 10 seconds begin.' }) startMs!: number;
  @ApiProperty({ example: 0.77 }) shareBefore!: number;
  @ApiProperty({ example: 0.52 }) share!: number;
  @ApiProperty({ example: 0.25, description: 'shareBefore − share.' }) fall!: number;
}

export class HeardWindowDto {
  @ApiProperty({ example: 600_000 }) startMs!: number;
  @ApiProperty({ example: 630_000 }) endMs!: number;
  @ApiProperty({ nullable: true, type: String, format: 'uuid', description: 'Null for a window asked for.' })
  placementId!: string | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 412,
    description: 'Events that told of it at its begin. Null for a window asked for.',
  })
  ads!: number | null;
  @ApiProperty({ example: 4_680_000 }) heardMs!: number;
  @share(0.52, 'As in the curve, over the window; 10 seconds that it cuts are taken to be heard evenly.')
  share!: number | null;
  @share(0.77, 'Over the 30 seconds before. Null where the window begins with the episode.')
  shareBefore!: number | null;
  @share(0.75, 'Over the 30 seconds after. Null where the window ends with the episode.')
  shareAfter!: number | null;
  @share(0.3247, 'Of those who heard what lies before, who did not hear it: 1 − share / shareBefore.')
  unheardShare!: number | null;
  @share(
    0.2987,
    'Of those who heard what lies before, who jumped over it and listened on: (shareAfter − share) / shareBefore.',
  )
  skippedShare!: number | null;
  @share(0.026, 'Of those who heard what lies before, who stopped for good: 1 − shareAfter / shareBefore.')
  leftShare!: number | null;
}

export class RetentionAnswerDto extends AnswerFrameDto {
  @ApiProperty({ enum: ['listen_time'], example: 'listen_time' }) metric!: string;
  @ApiProperty({ enum: ['client_confirmed'], example: 'client_confirmed' }) evidence!: string;
  @ApiProperty({ example: false, description: 'No guideline defines it.' }) core!: boolean;
  @ApiProperty({ format: 'uuid' }) episodeId!: string;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 2_700_000,
    description: 'Length of the episode as it is known now. Null where it is not.',
  })
  durationMs!: number | null;
  @ApiProperty({ example: 10_000 }) binMs!: number;
  @ApiProperty({
    example: 300,
    description:
      'Listenings that started in the range: plays without an event of their session in the 5 minutes before.',
  })
  starts!: number;
  @ApiProperty({ example: 402_000_000, description: 'Milliseconds heard in the range.' }) value!: number;
  @share(1_340_000, 'value / starts.') averageHeardMs!: number | null;
  @share(0.4963, 'averageHeardMs / durationMs.') averageCompletion!: number | null;
  @share(
    1_210_000,
    'End of the last 10 seconds that at least half of the starts heard: a median of how far they get.',
  )
  halfHeardToMs!: number | null;
  @share(0.4481, 'halfHeardToMs / durationMs.') halfCompletion!: number | null;
  @ApiProperty({
    type: [CurvePointDto],
    description: 'Ascending and without gaps, to the end of the episode or of what was heard.',
  })
  curve!: CurvePointDto[];
  @ApiProperty({ type: [DropDto], description: 'The five deepest falls of the curve, deepest first.' })
  drops!: DropDto[];
  @ApiProperty({ type: [HeardWindowDto] }) windows!: HeardWindowDto[];
}
