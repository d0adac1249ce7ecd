import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

const lowerCase = ({ value }: { value: unknown }) =>
  typeof value === 'string' ? value.toLowerCase() : value;

export class PutPrefixDto {
  @ApiPropertyOptional({
    example: 'signal-and-salt',
    description: 'Unique over the whole installation. Left out: a random one.',
  })
  @IsOptional()
  @IsString()
  @Matches(/^[a-z0-9][a-z0-9-]{2,63}$/, {
    message: '$property must be 3 to 64 characters of a–z, 0–9 and -, not beginning with -',
  })
  handle?: string;
}

@Exclude()
export class PrefixDto {
  @ApiProperty({
    example: 'https://track.example.com/r/signal-and-salt/',
    description: 'Put it in front of each enclosure’s address, with or without its https://',
  })
  @Expose()
  prefix!: string;
  @ApiProperty({ example: 'signal-and-salt' }) @Expose() handle!: string;
  @ApiProperty({
    type: [String],
    example: ['3f9c0a1b2c3d4e5f'],
    description: 'Handles that the podcast had before. They go on leading to it.',
  })
  @Expose()
  formerHandles!: string[];
}

export class AddHostDto {
  @ApiProperty({
    example: 'cdn.harbourlight.example',
    description: 'Host of media files, with a port that is not the scheme’s own.',
  })
  @Transform(lowerCase)
  @IsString()
  @MaxLength(253)
  @Matches(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+(:\d{1,5})?$/, {
    message: '$property must be a host name, perhaps with a port; international names in their xn-- form',
  })
  host!: string;
}

@Exclude()
export class HostDto {
  @ApiProperty({ example: 'cdn.harbourlight.example' }) @Expose() host!: string;
  @ApiProperty({ enum: ['feed', 'manual'], description: 'Whether enclosures have it, or a person added it.' })
  @Expose()
  source!: string;
  @ApiProperty({ description: 'When an enclosure last had it, or it was added.' })
  @Expose()
  verifiedAt!: Date;
}

@Exclude()
export class HostListDto {
  @ApiProperty({ type: [HostDto] }) @Expose() @Type(() => HostDto) items!: HostDto[];
}
