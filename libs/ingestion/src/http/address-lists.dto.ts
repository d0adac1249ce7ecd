import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsStorableText, PageQueryDto } from '@lib/http';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';

const trimmed = ({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value);
const flag = ({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value);

export class ValidateAddressEntryDto {
  @ApiProperty({ example: 'R. Keller, ad operations', description: 'The person who looked at it.' })
  @Transform(trimmed)
  @IsString()
  @Length(1, 200)
  @IsStorableText()
  author!: string;
}

export class CreateAddressEntryDto extends ValidateAddressEntryDto {
  @ApiProperty({
    enum: ['included', 'excluded'],
    example: 'included',
    description:
      'Included addresses are free of the limits on volume and breadth (PTMG v2.3 §5.5.2, note); excluded ones never count.',
  })
  @IsIn(['included', 'excluded'])
  kind!: 'included' | 'excluded';
  @ApiProperty({
    example: '203.0.113.0/24',
    description: 'A block in CIDR notation or one address; at most a /8 of IPv4 or a /19 of IPv6.',
  })
  @IsString()
  @Length(1, 60)
  @Matches(/^[\x20-\x7e]*$/, { message: 'network must be written in plain letters' })
  network!: string;
  @ApiProperty({ example: 'Dormitory of the university: many listeners behind few addresses.' })
  @Transform(trimmed)
  @IsString()
  @Length(1, 1000)
  @IsStorableText()
  reason!: string;
}

export class AddressListQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ type: Boolean, default: false, description: 'Also those that were removed.' })
  @IsOptional()
  @Transform(flag)
  @IsBoolean()
  removed?: boolean;
}

export class AddressEntryDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['included', 'excluded'] }) kind!: string;
  @ApiProperty({ example: '203.0.113.0/24' }) network!: string;
  @ApiProperty({ example: 'Dormitory of the university: many listeners behind few addresses.' })
  reason!: string;
  @ApiProperty({ example: 'R. Keller, ad operations' }) createdBy!: string;
  @ApiProperty({
    description:
      'It acts on requests that came in since, at the latest a minute later. Addresses are not stored: it cannot act on earlier ones.',
  })
  createdAt!: Date;
  @ApiProperty({ description: 'When somebody last looked whether it is still right.' }) validatedAt!: Date;
  @ApiProperty({
    nullable: true,
    type: Date,
    description:
      'From then on an inclusion does nothing until it is validated again: 90 days after `validatedAt`.',
  })
  lapsesAt!: Date | null;
  @ApiProperty({ nullable: true, type: Date }) removedAt!: Date | null;
  @ApiProperty({
    enum: ['active', 'lapsed', 'removed'],
    description: '`lapsed` is a finding: an inclusion that nobody validated in time.',
  })
  state!: string;
}

export class AddressEntryPageDto {
  @ApiProperty({ type: [AddressEntryDto] }) items!: AddressEntryDto[];
  @ApiProperty({ nullable: true, type: String, description: 'Pass as `cursor` to get the next page.' })
  next!: string | null;
}

export class AddressEntryEventDto {
  @ApiProperty() at!: Date;
  @ApiProperty({ enum: ['added', 'validated', 'removed'] }) action!: string;
  @ApiProperty({ example: 'R. Keller, ad operations, key 3fJ9…' }) by!: string;
}

export class AddressEntryDetailDto extends AddressEntryDto {
  @ApiProperty({ type: [AddressEntryEventDto], description: 'The oldest first.' })
  record!: AddressEntryEventDto[];
}
