import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Exclude, Expose } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, Max, Min, ValidateIf } from 'class-validator';
import { EU_MODES, LEGAL_BASES, type PrivacySettings } from '../application/privacy-catalogue.js';

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
