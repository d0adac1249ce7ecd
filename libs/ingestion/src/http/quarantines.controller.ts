import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, Caller, problemResponse, UuidParam, type TenantPrincipal } from '@lib/http';
import { QuarantinesService } from '../application/invalid-traffic/quarantines.service.js';
import {
  DecideQuarantineDto,
  QuarantineDto,
  QuarantinePageDto,
  QuarantineQueryDto,
} from './quarantines.dto.js';

const INVALID = problemResponse('A field is not valid', 400, 'invalid_input');

/** Traffic that looks as if no people made it. */
@ApiTags('counting')
@Controller('v1/quarantines')
export class QuarantinesController {
  constructor(private readonly quarantines: QuarantinesService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'List suspected invalid traffic, the youngest day first',
    description:
      'Of one day, what has most downloads comes first. Days are looked at when they are over. A finding changes no number.',
  })
  @ApiOkResponse({ type: QuarantinePageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  list(@Query() { state, limit = 50, cursor }: QuarantineQueryDto): Promise<QuarantinePageDto> {
    return this.quarantines.list(state ?? null, { limit, cursor });
  }

  @Post(':id/decision')
  @Access('admin')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Confirm or dismiss a finding',
    description:
      'To leave out addresses that are confirmed, name the findings in the `exclusions` of a new rule set and apply a recount.',
  })
  @ApiOkResponse({ type: QuarantineDto })
  @ApiBadRequestResponse(INVALID)
  @ApiNotFoundResponse(problemResponse('The tenant has no such finding', 404, 'quarantine_not_found'))
  decide(
    @Caller() { keyId }: TenantPrincipal,
    @UuidParam('id') id: string,
    @Body() { state, note }: DecideQuarantineDto,
  ): Promise<QuarantineDto> {
    return this.quarantines.decide(id, { state, by: `key ${keyId}`, note: note ?? null });
  }
}
