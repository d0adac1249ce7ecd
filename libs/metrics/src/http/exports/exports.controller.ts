import { Body, Controller, Delete, Get, HttpCode, Post, Query, Res, SerializeOptions } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiGoneResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  ApiUnprocessableEntityResponse,
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
import { ExportFilesService } from '../../application/exports/export-files.service.js';
import { MEDIA_TYPES } from '../../application/exports/exports-catalogue.js';
import { ExportsService } from '../../application/exports/exports.service.js';
import { MAX_STREAMED_ROWS, StreamTableService } from '../../application/exports/stream-table.service.js';
import { ExportDto, ExportPageDto, ExportQuestionDto, FileLinkDto } from './exports.dto.js';
import { sendFile } from './send-file.js';

const NOT_FOUND = problemResponse('The tenant has no such export', 404, 'export_not_found');
const NO_PODCAST = problemResponse('No such podcast', 404, 'podcast_not_found');
const REFUSED = problemResponse('The table, the range or the filter is not valid', 400, 'invalid_range');

/** Tables of the tenant as files. */
@ApiTags('exports')
@Controller('v1/exports')
@Access('read')
export class ExportsController {
  constructor(
    private readonly exports: ExportsService,
    private readonly files: ExportFilesService,
    private readonly tables: StreamTableService,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Have a table written to a file',
    description:
      'A worker writes it; its progress can be read. The file is kept for 24 hours. At most 5 exports wait at a time, and ' +
      '20 files are kept. Keyed ids of listeners and addresses are in no file.',
  })
  @ApiAcceptedResponse({ type: ExportDto })
  @ApiBadRequestResponse(REFUSED)
  @ApiNotFoundResponse(NO_PODCAST)
  @ApiConflictResponse(
    problemResponse('Too many exports wait, or too many files are kept', 409, 'too_many_exports'),
  )
  @SerializeOptions({ type: ExportDto })
  request(@Caller() caller: TenantPrincipal, @Body() body: ExportQuestionDto): Promise<object> {
    return this.exports.request(caller, body);
  }

  @Get()
  @ApiOperation({ summary: 'List exports, the youngest first' })
  @ApiOkResponse({ type: ExportPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  @SerializeOptions({ type: ExportPageDto })
  list(@Query() { limit = 50, cursor }: PageQueryDto): Promise<object> {
    return this.exports.list({ limit, cursor });
  }

  @Get('stream')
  @OwnTransactions()
  @ApiOperation({
    summary: 'Read a table at once',
    description:
      'The rows come as they are read. When something fails on the way the connection breaks off, so that half of a table ' +
      `is not taken for the whole. For at most ${MAX_STREAMED_ROWS.toLocaleString('en')} rows of the range, those of other ` +
      'podcasts included.',
  })
  @ApiProduces(...Object.values(MEDIA_TYPES).map((type) => type.split(';')[0] ?? type))
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiBadRequestResponse(REFUSED)
  @ApiNotFoundResponse(NO_PODCAST)
  @ApiUnprocessableEntityResponse(
    problemResponse('There are more rows: have a file written', 422, 'export_too_large'),
  )
  async stream(
    @Caller() caller: TenantPrincipal,
    @Query() query: ExportQuestionDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendFile(reply, await this.tables.open(caller, query));
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read an export and how far it is' })
  @ApiOkResponse({ type: ExportDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @SerializeOptions({ type: ExportDto })
  find(@UuidParam('id') id: string): Promise<object> {
    return this.exports.find(id);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an export, its file and every link to it' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(NOT_FOUND)
  remove(@UuidParam('id') id: string): Promise<void> {
    return this.exports.remove(id);
  }

  @Post(':id/link')
  @HttpCode(200)
  @OwnTransactions()
  @ApiOperation({
    summary: 'Make a link to a finished file',
    description: 'Whoever has it can fetch the file, without a key, as long as it is kept.',
  })
  @ApiOkResponse({ type: FileLinkDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(problemResponse('The file is not written yet', 409, 'export_not_done'))
  @ApiGoneResponse(problemResponse('It failed, or its file is gone', 410, 'export_gone'))
  @SerializeOptions({ type: FileLinkDto })
  link(@Caller() caller: TenantPrincipal, @UuidParam('id') id: string): Promise<object> {
    return this.files.link(caller, id);
  }
}
