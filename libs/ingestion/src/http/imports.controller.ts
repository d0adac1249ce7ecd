import { createHash } from 'node:crypto';
import { Controller, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import {
  Access,
  Caller,
  OwnTransactions,
  PageQueryDto,
  problemResponse,
  readFormFile,
  type FormFile,
  type TenantPrincipal,
} from '@lib/http';
import type { FastifyRequest } from 'fastify';
import { LogImportService } from '../application/log-import/import-log.service.js';
import { ImportsService } from '../application/log-import/imports.service.js';
import type { LogFile, LogImportOptions } from '../application/log-import/log-import.js';
import { ImportLogQueryDto, ImportPageDto, LogImportReportDto } from './imports.dto.js';

/** Held in memory until it is stored, since addresses may not reach a disk. Larger logs come in by the command line. */
const MAX_LOG_BYTES = 32 * 1024 * 1024;

/** Access logs in, with the bytes that were served. */
@ApiTags('imports')
@Controller('v1/imports')
export class ImportsController {
  constructor(
    private readonly logs: LogImportService,
    private readonly imports: ImportsService,
  ) {}

  @Post('logs')
  @Access('admin')
  @OwnTransactions()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Import an access log of a CDN or an origin server',
    description:
      'Up to 32 MiB, packed with gzip or not; larger ones are imported by the command line. Requests are matched to ' +
      'episodes by host and path. The same file again changes nothing, and one that was interrupted goes on where it was.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['file'],
      properties: { file: { type: 'string', format: 'binary', description: 'The log, as text or gzip' } },
    },
  })
  @ApiOkResponse({ type: LogImportReportDto })
  @ApiBadRequestResponse(
    problemResponse('There is no file, or its format cannot be told or read', 400, 'log_format_unknown'),
  )
  @ApiConflictResponse(
    problemResponse(
      'The keys of a day are destroyed (import_day_closed), or the file is being imported (import_running)',
      409,
      'import_day_closed',
    ),
  )
  @ApiPayloadTooLargeResponse(problemResponse('The file is larger than 32 MiB', 413, 'too_large'))
  @ApiUnsupportedMediaTypeResponse(problemResponse('The body is no form', 415, 'unsupported_media_type'))
  @ApiUnprocessableEntityResponse(
    problemResponse(
      'No request asks for an episode (no_episode_matches), the file is cut (log_damaged), or a day cannot be stored ' +
        'here (day_not_prepared)',
      422,
      'no_episode_matches',
    ),
  )
  async importLog(
    @Caller() { tenantId }: TenantPrincipal,
    @Query() query: ImportLogQueryDto,
    @Req() request: FastifyRequest,
  ): Promise<LogImportReportDto> {
    const file = logFile(await readFormFile(request, MAX_LOG_BYTES));
    const { bytes: _, ...report } = await this.logs.importFile(tenantId, file, options(query));
    return { ...report, rules: { ...report.rules }, examples: [...report.examples] };
  }

  @Get()
  @Access('read')
  @ApiOperation({ summary: 'List imports, and what became of the lines of their files, the youngest first' })
  @ApiOkResponse({ type: ImportPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  list(@Query() { limit = 50, cursor }: PageQueryDto): Promise<ImportPageDto> {
    return this.imports.list({ limit, cursor });
  }
}

function logFile({ name, bytes }: FormFile): LogFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    name: name.slice(0, 200).toWellFormed().replaceAll('\0', ''),
    sha256,
    async *read() {
      yield bytes;
    },
  };
}

function options(query: ImportLogQueryDto): LogImportOptions {
  const aliases = (query.hostAlias ?? []).map((alias) => alias.toLowerCase().split('=') as [string, string]);
  return {
    source: query.source ?? 'log',
    format: query.format,
    hosts: { missing: query.host ?? null, aliases: new Map(aliases) },
    replace: query.replace === 'true',
    evenWithoutEpisodes: query.evenWithoutEpisodes === 'true',
  };
}
