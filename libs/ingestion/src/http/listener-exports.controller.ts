import { Controller, Get, Param, Res } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { Access, OwnTransactions, problemResponse } from '@lib/http';
import type { FastifyReply } from 'fastify';
import { ListenerExportsService } from '../application/privacy/listener-exports.service.js';
import { ListenerExportDto } from './privacy-requests.dto.js';
import { sendListenerExport } from './send-listener-export.js';

/** Exports for the listeners themselves, who have no key: the link proves that it was given to them. */
@ApiTags('privacy')
@Controller('v1/listener-exports')
@Access('public')
@OwnTransactions()
export class ListenerExportsController {
  constructor(private readonly exports: ListenerExportsService) {}

  @Get(':link')
  @ApiOperation({
    summary: 'Fetch an export by its link, without a key',
    description:
      'The link is the `exportUrl` of a privacy request. It opens that one export, for at most 24 hours: give it only to ' +
      'the listener who asked.',
  })
  @ApiOkResponse({ type: ListenerExportDto })
  @ApiNotFoundResponse(
    problemResponse('The link was changed, has expired or is none', 404, 'export_link_invalid'),
  )
  @ApiTooManyRequestsResponse(
    problemResponse('It was fetched too often; see Retry-After', 429, 'rate_limited'),
  )
  async fetch(@Param('link') link: string, @Res() reply: FastifyReply): Promise<void> {
    sendListenerExport(reply, await this.exports.openLink(link));
  }
}
