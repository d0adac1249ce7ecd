import { Body, Controller, Get, HttpCode, Post, Query, Res, SerializeOptions } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiGoneResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import {
  Access,
  Caller,
  OwnTransactions,
  PageQueryDto,
  problemResponse,
  UuidParam,
  type TenantPrincipal,
} from '@lib/http';
import type { FastifyReply } from 'fastify';
import { ListenerExportsService } from '../application/privacy/listener-exports.service.js';
import { PrivacyRequestsService, type Subject } from '../application/privacy/privacy-requests.service.js';
import {
  CreatePrivacyRequestDto,
  ListenerExportDto,
  PrivacyRequestDetailDto,
  PrivacyRequestDto,
  PrivacyRequestPageDto,
  type SubjectDto,
} from './privacy-requests.dto.js';
import { sendListenerExport } from './send-listener-export.js';

const NOT_FOUND = problemResponse('The tenant has no such request', 404, 'privacy_request_not_found');

/** What listeners ask for: to be forgotten, or to see what is stored of them. */
@ApiTags('privacy')
@Controller('v1/privacy-requests')
@Access('admin')
export class PrivacyRequestsController {
  constructor(
    private readonly requests: PrivacyRequestsService,
    private readonly exports: ListenerExportsService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Erase what is stored of a listener, or prepare an export of it',
    description:
      'A listener is an address and a user agent, and can be shared: make sure who asks. Nothing of either is stored: ' +
      'they become keyed ids at once, by the keys that are left. A worker begins a minute later, and ends an erasure ' +
      'two minutes after its search at the earliest. An erasure takes away what names the listener, and what was counted from it; events keep their identity, so that a repeat stays a ' +
      'duplicate. What comes late of that listener is stored without them. Requests that were stored without ids, for want ' +
      'of consent or of a key, hold an agent and no sign of who sent it: no request finds them.',
  })
  @ApiAcceptedResponse({ type: PrivacyRequestDto })
  @ApiBadRequestResponse(
    problemResponse('The subject is neither an address and agent nor ids', 400, 'invalid_subject'),
  )
  @SerializeOptions({ type: PrivacyRequestDto })
  create(@Caller() { keyId }: TenantPrincipal, @Body() body: CreatePrivacyRequestDto): Promise<object> {
    return this.requests.request(body.kind, toSubject(body.subject), `key ${keyId}`);
  }

  @Get()
  @ApiOperation({ summary: 'List privacy requests, the youngest first' })
  @ApiOkResponse({ type: PrivacyRequestPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  @SerializeOptions({ type: PrivacyRequestPageDto })
  list(@Query() { limit = 50, cursor }: PageQueryDto): Promise<object> {
    return this.requests.list({ limit, cursor });
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Read a privacy request and what was done about it',
    description: 'Of an export that is done, also a link to it for somebody without a key.',
  })
  @ApiOkResponse({ type: PrivacyRequestDetailDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @SerializeOptions({ type: PrivacyRequestDetailDto })
  async find(@Caller() { tenantId }: TenantPrincipal, @UuidParam('id') id: string): Promise<object> {
    const request = await this.requests.find(id);
    return {
      exportUrl: null,
      exportUrlExpiresAt: null,
      ...request,
      ...this.exports.addressOf(tenantId, request),
    };
  }

  @Get(':id/export')
  @OwnTransactions()
  @ApiOperation({
    summary: 'Fetch everything that is stored of a listener',
    description: 'Read as it is stored now, up to the time of the request. Can be fetched for 30 days.',
  })
  @ApiOkResponse({ type: ListenerExportDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(problemResponse('A worker is not done yet', 409, 'export_not_ready'))
  @ApiGoneResponse(problemResponse('It was done more than 30 days ago', 410, 'export_expired'))
  @ApiTooManyRequestsResponse(
    problemResponse('It was fetched too often; see Retry-After', 429, 'rate_limited'),
  )
  async export(
    @Caller() { tenantId }: TenantPrincipal,
    @UuidParam('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendListenerExport(reply, await this.exports.open(tenantId, id));
  }
}

function toSubject({ address = '', userAgent = '', listenerIds }: SubjectDto): Subject {
  return listenerIds === undefined ? { address, userAgent } : { listenerIds };
}
