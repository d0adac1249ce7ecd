import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, PartialType, PickType } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsStorableText, PageQueryDto, IsTimeZone } from '@lib/http';
import { CreatedKeyDto } from './keys.dto.js';
import { PrivacyDto, UpdatePrivacyDto } from './privacy.dto.js';

export class CreateTenantDto {
  @ApiProperty({ example: 'Harbour Light Network' })
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  name!: string;

  @ApiPropertyOptional({
    example: 'Europe/Berlin',
    description: 'IANA zone in which reports are cut by default.',
  })
  @IsOptional()
  @IsTimeZone()
  timeZone?: string;
}

/** For how many days something is kept. */
function RetentionProperty(example: number, what: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
      example,
      nullable: true,
      type: Number,
      description: `Days that ${what} are kept; null takes the platform default.`,
    }),
    IsOptional(),
    IsInt(),
    Min(8),
    Max(36_500),
  );
}

export class UpdateTenantDto extends PartialType(CreateTenantDto) {
  @RetentionProperty(730, 'raw events')
  rawRetentionDays?: number | null;
  @RetentionProperty(730, 'single downloads, at least as long as raw events,')
  downloadRetentionDays?: number | null;
  @RetentionProperty(1_100, 'counts of 5 minutes, at least as long as raw events,')
  sliceRetentionDays?: number | null;
  @RetentionProperty(3_660, 'counts of hours, at least as long as those of 5 minutes,')
  hourRetentionDays?: number | null;
  @RetentionProperty(36_500, 'counts of UTC days, at least as long as those of hours,')
  dayRetentionDays?: number | null;
  @RetentionProperty(36_500, 'counts of UTC months, at least as long as those of days,')
  monthRetentionDays?: number | null;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { region: 'EU' } })
  @IsOptional()
  @IsObject()
  @IsStorableText()
  metadata?: Record<string, unknown>;
  @ApiPropertyOptional({ type: UpdatePrivacyDto, description: 'What is left out stays as it is.' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => UpdatePrivacyDto)
  privacy?: UpdatePrivacyDto;
}

export class AdminUpdateTenantDto extends UpdateTenantDto {
  @ApiPropertyOptional({
    enum: ['active', 'suspended'],
    example: 'suspended',
    description: 'Keys of a suspended tenant prove nothing.',
  })
  @IsOptional()
  @IsIn(['active', 'suspended'])
  status?: 'active' | 'suspended';
  @ApiPropertyOptional({
    example: 25,
    nullable: true,
    type: Number,
    description: 'Podcasts that it may have, archived ones not counted; null for any number.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  maxPodcasts?: number | null;
}

@Exclude()
export class TenantDto {
  @ApiProperty({ format: 'uuid' }) @Expose() tenantId!: string;
  @ApiProperty({ example: 'Harbour Light Network' }) @Expose() name!: string;
  @ApiProperty({ enum: ['active', 'suspended'] }) @Expose() status!: string;
  @ApiProperty({ example: 'Europe/Berlin' }) @Expose() timeZone!: string;
  @ApiProperty({ nullable: true, type: Number, example: 730 }) @Expose() rawRetentionDays!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 730 }) @Expose() downloadRetentionDays!:
    number | null;
  @ApiProperty({ nullable: true, type: Number, example: 1100 }) @Expose() sliceRetentionDays!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: 3660 }) @Expose() hourRetentionDays!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: null }) @Expose() dayRetentionDays!: number | null;
  @ApiProperty({ nullable: true, type: Number, example: null }) @Expose() monthRetentionDays!: number | null;
  @ApiProperty({
    nullable: true,
    type: Number,
    example: 25,
    description: 'Set by the platform. Archived podcasts are not counted; null is any number.',
  })
  @Expose()
  maxPodcasts!: number | null;
  @ApiProperty({ type: 'object', additionalProperties: true, example: {} }) @Expose() metadata!: Record<
    string,
    unknown
  >;
  @ApiProperty({ type: PrivacyDto }) @Expose() @Type(() => PrivacyDto) privacy!: PrivacyDto;
  @ApiProperty() @Expose() createdAt!: Date;
  @ApiProperty() @Expose() updatedAt!: Date;
}

@Exclude()
export class CreatedTenantDto extends TenantDto {
  @ApiProperty({ type: CreatedKeyDto, description: 'A first key with every scope. Shown once.' })
  @Expose()
  @Type(() => CreatedKeyDto)
  key!: CreatedKeyDto;
}

@Exclude()
export class TenantPageDto {
  @ApiProperty({ type: [TenantDto] }) @Expose() @Type(() => TenantDto) items!: TenantDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `after` to get the next page.' })
  @Expose()
  next!: string | null;
}

export class TenantPageQueryDto extends PickType(PageQueryDto, ['limit']) {
  @ApiPropertyOptional({ description: 'The `next` of the page before.' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  after?: string;
}
