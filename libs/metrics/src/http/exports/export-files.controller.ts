import { Controller, Get, Param, Res } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { Access, OwnTransactions, problemResponse } from '@lib/http';
import type { FastifyReply } from 'fastify';
import { ExportFilesService } from '../../application/exports/export-files.service.js';
import { MEDIA_TYPES } from '../../application/exports/exports-catalogue.js';
import { sendFile } from './send-file.js';

/** Finished files for people and programs without a key: the link proves that it was given to them. */
@ApiTags('exports')
@Controller('v1/export-files')
@Access('public')
@OwnTransactions()
export class ExportFilesController {
  constructor(private readonly files: ExportFilesService) {}

  @Get(':link')
  @ApiOperation({
    summary: 'Fetch a file by its link, without a key',
    description: 'The link is the `url` that POST /v1/exports/{id}/link answers with.',
  })
  @ApiProduces(...Object.values(MEDIA_TYPES).map((type) => type.split(';')[0] ?? type))
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiNotFoundResponse(
    problemResponse('The link was changed, has expired or is none', 404, 'export_link_invalid'),
  )
  @ApiTooManyRequestsResponse(
    problemResponse('It was fetched too often; see Retry-After', 429, 'rate_limited'),
  )
  async fetch(@Param('link') link: string, @Res() reply: FastifyReply): Promise<void> {
    sendFile(reply, await this.files.open(link));
  }
}
