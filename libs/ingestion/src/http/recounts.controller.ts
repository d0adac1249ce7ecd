import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
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
import { RecountsService } from '../application/recounts.service.js';
import { CreateRecountDto, RecountDetailDto, RecountJobDto, RecountPageDto } from './recounts.dto.js';

const NOT_FOUND = problemResponse('The tenant has no such recount', 404, 'recount_not_found');
const UNDECIDABLE = problemResponse('It is not counted yet, or was decided', 409, 'recount_not_counted');

/** Counting days again under another rule set. */
@ApiTags('counting')
@Controller('v1/recounts')
export class RecountsController {
  constructor(private readonly recounts: RecountsService) {}

  @Post()
  @Access('admin')
  @ApiOperation({
    summary: 'Count days again under another rule set',
    description: 'A worker counts beside what is shown; nothing changes before the recount is applied.',
  })
  @ApiCreatedResponse({ type: RecountJobDto })
  @ApiBadRequestResponse(
    problemResponse('The days are not valid, or their requests are gone', 400, 'invalid_range'),
  )
  @ApiNotFoundResponse(problemResponse('The tenant has no such rule set', 404, 'rule_set_not_found'))
  create(@Caller() { keyId }: TenantPrincipal, @Body() body: CreateRecountDto): Promise<RecountJobDto> {
    return this.recounts.request(body, `key ${keyId}`);
  }

  @Get()
  @Access('read')
  @ApiOperation({ summary: 'List recounts, the youngest first' })
  @ApiOkResponse({ type: RecountPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  list(@Query() { limit = 50, cursor }: PageQueryDto): Promise<RecountPageDto> {
    return this.recounts.list({ limit, cursor });
  }

  @Get(':id')
  @Access('read')
  @ApiOperation({ summary: 'Read a recount and what it would change, by day, podcast and reason' })
  @ApiOkResponse({ type: RecountDetailDto })
  @ApiNotFoundResponse(NOT_FOUND)
  find(@UuidParam('id') id: string): Promise<RecountDetailDto> {
    return this.recounts.find(id);
  }

  @Post(':id/apply')
  @Access('admin')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Show the days under the recount’s rule set from now on',
    description:
      'All days change in one step; numbers of metrics follow day by day within seconds, and until then answers name the ' +
      'days that have not (`switchingDays`). Snapshots stay as they are.',
  })
  @ApiBadRequestResponse(
    problemResponse('Raw requests of the days are no longer kept', 400, 'before_raw_horizon'),
  )
  @ApiOkResponse({ type: RecountJobDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(UNDECIDABLE)
  apply(@Caller() { keyId }: TenantPrincipal, @UuidParam('id') id: string): Promise<RecountJobDto> {
    return this.recounts.apply(id, `key ${keyId}`);
  }

  @Post(':id/discard')
  @Access('admin')
  @HttpCode(200)
  @ApiOperation({ summary: 'Forget a recount' })
  @ApiOkResponse({ type: RecountJobDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(UNDECIDABLE)
  discard(@Caller() { keyId }: TenantPrincipal, @UuidParam('id') id: string): Promise<RecountJobDto> {
    return this.recounts.discard(id, `key ${keyId}`);
  }
}
