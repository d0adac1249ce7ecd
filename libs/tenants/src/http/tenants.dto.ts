import { ApiProperty, ApiPropertyOptional, PartialType, PickType } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDate,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsTimeZone,
  Length,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { IsStorableText, PageQueryDto, SCOPES, type Scope } from '@lib/http';
import { EU_MODES, LEGAL_BASES, type PrivacySettings } from '../application/privacy-catalogue.js';

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

export class UpdatePrivacyDto {
  @ApiPropertyOptional({
    enum: EU_MODES,
    description:
      'Addresses of the EEA, the United Kingdom and Switzerland are hashed whole, or cut to IPv4 /24 and IPv6 /48 before. ' +
      'Where the country is not known, they are cut too. Cut addresses make numbers of listeners coarse.',
  })
  @IsOptional()
  @IsIn(EU_MODES)
  euMode?: PrivacySettings['euMode'];
  @ApiPropertyOptional({
    enum: LEGAL_BASES,
    description:
      'On what listeners are told from each other where a request says nothing. With `consent` and `unknown` such ' +
      'requests are recorded without ids, and do not count as downloads.',
  })
  @IsOptional()
  @IsIn(LEGAL_BASES)
  legalBasis?: PrivacySettings['legalBasis'];
  @ApiPropertyOptional({
    nullable: true,
    type: Number,
    example: null,
    description:
      'Number on the Global Vendor List of the TCF. Null: the purposes of a TC string decide alone.',
  })
  @ValidateIf(({ tcfVendorId }: UpdatePrivacyDto) => tcfVendorId !== undefined && tcfVendorId !== null)
  @IsInt()
  @Min(1)
  @Max(65_535)
  tcfVendorId?: number | null;
  @ApiPropertyOptional({ description: 'Record requests with Sec-GPC: 1 without ids.' })
  @IsOptional()
  @IsBoolean()
  honourGpc?: boolean;
  @ApiPropertyOptional({ description: 'Record requests with DNT: 1 without ids.' })
  @IsOptional()
  @IsBoolean()
  honourDnt?: boolean;
  @ApiPropertyOptional({
    nullable: true,
    type: Number,
    minimum: 1,
    maximum: 60,
    example: 30,
    description:
      'Match sponsors’ results with listening by address, so many days back. From then on, at the latest after five ' +
      'minutes, requests are recorded with an id of the address alone, under a key that is destroyed when the week, ' +
      'these days and the acceptance window are over. Null, the default: no such id is made. Never made of addresses ' +
      'that are cut.',
  })
  @ValidateIf(({ attributionLookbackDays: days }: UpdatePrivacyDto) => days !== undefined && days !== null)
  @IsInt()
  @Min(1)
  @Max(60)
  attributionLookbackDays?: number | null;
}

export class UpdateTenantDto extends PartialType(CreateTenantDto) {
  @ApiPropertyOptional({
    example: 730,
    nullable: true,
    type: Number,
    description: 'Days that raw events are kept; null takes the platform default.',
  })
  @IsOptional()
  @IsInt()
  @Min(8)
  @Max(36_500)
  rawRetentionDays?: number | null;
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
export class PrivacyDto {
  @ApiProperty({ enum: EU_MODES }) @Expose() euMode!: string;
  @ApiProperty({ enum: LEGAL_BASES }) @Expose() legalBasis!: string;
  @ApiProperty({ nullable: true, type: Number, example: null }) @Expose() tcfVendorId!: number | null;
  @ApiProperty() @Expose() honourGpc!: boolean;
  @ApiProperty() @Expose() honourDnt!: boolean;
  @ApiProperty({ nullable: true, type: Number, example: null }) @Expose() attributionLookbackDays!:
    number | null;
}

@Exclude()
export class TenantDto {
  @ApiProperty({ format: 'uuid' }) @Expose() tenantId!: string;
  @ApiProperty({ example: 'Harbour Light Network' }) @Expose() name!: string;
  @ApiProperty({ enum: ['active', 'suspended'] }) @Expose() status!: string;
  @ApiProperty({ example: 'Europe/Berlin' }) @Expose() timeZone!: string;
  @ApiProperty({ nullable: true, type: Number, example: 730 }) @Expose() rawRetentionDays!: number | null;
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

export class CreateKeyDto {
  @ApiProperty({ example: 'Web player' })
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  name!: string;

  @ApiPropertyOptional({
    enum: ['secret', 'ingest_token'],
    default: 'secret',
    description: 'An ingest token is public and may only write events.',
  })
  @IsOptional()
  @IsIn(['secret', 'ingest_token'])
  kind?: 'secret' | 'ingest_token';
  @ApiProperty({ enum: SCOPES, isArray: true, example: ['ingest', 'read'] })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(SCOPES, { each: true })
  scopes!: Scope[];
  @ApiPropertyOptional({
    default: false,
    description: 'Believe the client address, user agent and byte counts that this sender reports.',
  })
  @IsOptional()
  @IsBoolean()
  trustedSender?: boolean;
  @ApiPropertyOptional({ example: '2027-12-31T00:00:00Z' })
  @IsOptional()
  @Type(() => Date)
  @IsDate()
  expiresAt?: Date;
}

@Exclude()
export class KeyDto {
  @ApiProperty({ example: '4fQ9ZkT0aBcD1eFg' }) @Expose() keyId!: string;
  @ApiProperty({ enum: ['secret', 'ingest_token'] }) @Expose() kind!: string;
  @ApiProperty({ example: 'Web player' }) @Expose() name!: string;
  @ApiProperty({ enum: SCOPES, isArray: true }) @Expose() scopes!: Scope[];
  @ApiProperty() @Expose() trustedSender!: boolean;
  @ApiProperty() @Expose() createdAt!: Date;
  @ApiProperty({ nullable: true, type: Date }) @Expose() expiresAt!: Date | null;
  @ApiProperty({ nullable: true, type: Date }) @Expose() revokedAt!: Date | null;
  @ApiProperty({ nullable: true, type: Date }) @Expose() lastUsedAt!: Date | null;
}

@Exclude()
export class CreatedKeyDto extends KeyDto {
  @ApiProperty({ description: 'The key itself. Shown once: it cannot be read again.' })
  @Expose()
  credential!: string;
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
