import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Exclude, Expose, Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDate,
  IsIn,
  IsOptional,
  IsString,
  Length,
} from 'class-validator';
import { IsStorableText, SCOPES, type Scope } from '@lib/http';

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
