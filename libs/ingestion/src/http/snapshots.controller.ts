import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, Caller, PageQueryDto, problemResponse, UuidParam, type TenantPrincipal } from '@lib/http';
import { SnapshotsService, type SnapshotDetail } from '../application/snapshots.service.js';
import {
  CreateSnapshotDto,
  SnapshotDetailDto,
  SnapshotDto,
  SnapshotPageDto,
  SnapshotQueryDto,
} from './snapshots.dto.js';

/** Numbers that were promised to somebody. There is no way to change or remove one. */
@ApiTags('counting')
@Controller('v1/snapshots')
export class SnapshotsController {
  constructor(private readonly snapshots: SnapshotsService) {}

  @Post()
  @Access('admin')
  @ApiOperation({
    summary: 'Freeze the downloads of some days',
    description:
      'Copies what is shown, by UTC day, episode and evidence, with the rule set that it was counted under. At most 366 ' +
      'days, all of them over. A snapshot is never changed: take another one under another name.',
  })
  @ApiCreatedResponse({ type: SnapshotDto })
  @ApiBadRequestResponse(
    problemResponse(
      'A field or the days are not valid, or nothing is kept of the days (before_day_horizon)',
      400,
      'invalid_range',
    ),
  )
  @ApiNotFoundResponse(problemResponse('The tenant has no such podcast', 404, 'podcast_not_found'))
  @ApiConflictResponse(
    problemResponse('The name is taken, or requests of these days wait to be counted', 409, 'still_counting'),
  )
  create(@Caller() { keyId }: TenantPrincipal, @Body() body: CreateSnapshotDto): Promise<SnapshotDto> {
    return this.snapshots.create(body, `key ${keyId}`);
  }

  @Get()
  @Access('read')
  @ApiOperation({ summary: 'List snapshots, the youngest first' })
  @ApiOkResponse({ type: SnapshotPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  list(@Query() { limit = 50, cursor }: PageQueryDto): Promise<SnapshotPageDto> {
    return this.snapshots.list({ limit, cursor });
  }

  @Get(':id')
  @Access('read')
  @ApiOperation({
    summary: 'Read a snapshot beside what is shown now',
    description: '`was` is frozen; `wouldBe` follows late requests, new rule sets and recounts.',
  })
  @ApiOkResponse({ type: SnapshotDetailDto })
  @ApiBadRequestResponse(problemResponse('The id or a parameter is not valid', 400, 'invalid_cursor'))
  @ApiNotFoundResponse(problemResponse('The tenant has no such snapshot', 404, 'snapshot_not_found'))
  find(
    @UuidParam('id') id: string,
    @Query() { limit = 500, cursor }: SnapshotQueryDto,
  ): Promise<SnapshotDetail> {
    return this.snapshots.find(id, { limit, cursor });
  }
}
