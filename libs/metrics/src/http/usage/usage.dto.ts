import { ApiProperty } from '@nestjs/swagger';

const LEVELS = ['raw', 'download', 'slice', 'hour', 'day', 'month'] as const;

export class HoldingDto {
  @ApiProperty({ example: 12 }) active!: number;
  @ApiProperty({ example: 1 }) archived!: number;
}

export class QuotaUseDto {
  @ApiProperty({ example: 12 }) used!: number;
  @ApiProperty({ nullable: true, type: Number, example: 25, description: 'Null is any number.' })
  max!: number | null;
}

export class QuotasDto {
  @ApiProperty({ type: QuotaUseDto, description: 'Podcasts that are not archived.' })
  podcasts!: QuotaUseDto;
}

export class EventsOfDayDto {
  @ApiProperty({ format: 'date', example: '2026-03-12' }) day!: string;
  @ApiProperty({ example: 48_112, description: 'Events of that UTC day, of every type, each once.' })
  events!: number;
}

export class EventsUsageDto {
  @ApiProperty({ nullable: true, type: Date, description: 'When the first raw event that is kept occurred.' })
  oldest!: Date | null;
  @ApiProperty({ nullable: true, type: Date }) newest!: Date | null;
  @ApiProperty({
    type: [EventsOfDayDto],
    description: 'The last 30 UTC days, today last. Requests of nothing but an episode are left out.',
  })
  byDay!: EventsOfDayDto[];
}

export class StorageLineDto {
  @ApiProperty({ example: 'listener_metrics' }) relation!: string;
  @ApiProperty({ enum: LEVELS }) level!: string;
  @ApiProperty({ example: 1_204_331 }) rows!: number;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 240_866_200,
    description:
      'An estimate: the rows, by the average size of a row of that table with its share of the indexes over all ' +
      'tenants. Null while the database knows no average yet.',
  })
  bytes!: number | null;
}

export class StorageOfDayDto {
  @ApiProperty({ format: 'date', example: '2026-03-12' }) day!: string;
  @ApiProperty({ example: 3_412_004 }) rows!: number;
  @ApiProperty({ nullable: true, type: Number, example: 612_400_800 }) bytes!: number | null;
}

export class StorageUsageDto {
  @ApiProperty({ nullable: true, type: Date, description: 'Once a UTC day. Null before the first time.' })
  measuredAt!: Date | null;
  @ApiProperty({ example: 3_412_004 }) rows!: number;
  @ApiProperty({ nullable: true, type: Number, example: 612_400_800, description: 'The sum of the lines.' })
  bytes!: number | null;
  @ApiProperty({
    enum: [true],
    description:
      'Bytes are estimated: rows are counted, and their size is an average over all tenants. Rows that TimescaleDB has ' +
      'compressed count as if they were not, so there bytes are more than what is on disk.',
  })
  estimated!: true;
  @ApiProperty({ type: [StorageLineDto], description: 'By table and level of what grows with events.' })
  lines!: StorageLineDto[];
  @ApiProperty({ type: [StorageOfDayDto], description: 'The last 30 measurements, oldest first.' })
  history!: StorageOfDayDto[];
}

export class RetentionLevelDto {
  @ApiProperty({ enum: LEVELS }) level!: string;
  @ApiProperty({ example: 730, description: 'For how long it is kept: the setting that is in force.' })
  days!: number;
  @ApiProperty({
    nullable: true,
    type: Date,
    description: 'From when on it is there; questions before are refused. Null where nothing was removed.',
  })
  keptFrom!: Date | null;
}

export class UsageDto {
  @ApiProperty({ type: HoldingDto }) podcasts!: HoldingDto;
  @ApiProperty({ type: HoldingDto }) episodes!: HoldingDto;
  @ApiProperty({ type: QuotasDto }) quotas!: QuotasDto;
  @ApiProperty({ type: EventsUsageDto }) events!: EventsUsageDto;
  @ApiProperty({ type: StorageUsageDto }) storage!: StorageUsageDto;
  @ApiProperty({ type: [RetentionLevelDto] }) retention!: RetentionLevelDto[];
}
