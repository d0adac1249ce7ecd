import { Body, Controller, Post, Query, Req, Res, SerializeOptions } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { Access, Caller, OwnTransactions, problemResponse, type TenantPrincipal } from '@lib/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CatalogService } from '../application/catalog.service.js';
import type { FeedImportReport } from '../domain/feed-import-report.js';
import { FeedImportReportDto, ImportFeedDto, ImportTargetDto } from './feed-import.dto.js';
import { readFeedUpload } from './read-feed-upload.js';

const NO_PODCAST = problemResponse('The tenant has no such podcast', 404, 'podcast_not_found');
const CONFLICT = problemResponse(
  'The podcast of the feed is archived, or is new and the quota of podcasts reached (`podcast_quota_reached`)',
  409,
  'podcast_archived',
);
const UNREADABLE = problemResponse('The feed cannot be read; nothing was changed', 422, 'feed_malformed');
const IMPORT =
  'The feed finds its podcast by `podcast:guid`, else by its address, else makes a new one. Its episodes are found by ' +
  'guid and file. Importing the same feed again changes nothing; episodes that left the feed stay.';

/** Feeds in. The routes open their own transactions: none is held while a feed is on its way. */
@ApiTags('catalog')
@Access('write')
@OwnTransactions()
@Controller('v1/podcasts/import-feed')
export class FeedImportController {
  constructor(private readonly catalog: CatalogService) {}

  @Post()
  @ApiOperation({
    summary: 'Import a podcast and its episodes from the address of its feed',
    description: `${IMPORT} The answer is 201 when the podcast is new.`,
  })
  @ApiCreatedResponse({ type: FeedImportReportDto, description: 'A new podcast' })
  @ApiOkResponse({ type: FeedImportReportDto, description: 'A podcast that was there' })
  @ApiBadRequestResponse(problemResponse('A field is not valid', 400, 'invalid_input'))
  @ApiNotFoundResponse(NO_PODCAST)
  @ApiConflictResponse(CONFLICT)
  @ApiUnprocessableEntityResponse(
    problemResponse('The feed cannot be fetched or read; nothing was changed', 422, 'feed_address_refused'),
  )
  @SerializeOptions({ type: FeedImportReportDto, strategy: 'excludeAll' })
  async fromUrl(
    @Caller() { tenantId }: TenantPrincipal,
    @Body() { url, podcastId }: ImportFeedDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FeedImportReport> {
    return answer(reply, await this.catalog.importFeedUrl(tenantId, url, { podcastId }));
  }

  @Post('upload')
  @ApiOperation({
    summary: 'Import a podcast and its episodes from a feed’s file',
    description: `${IMPORT} Up to 32 MiB; instead of a form, the XML itself may be the body. The answer is 201 when the podcast is new.`,
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['file'],
      properties: { file: { type: 'string', format: 'binary', description: 'The feed, RSS 2.0 as XML' } },
    },
  })
  @ApiCreatedResponse({ type: FeedImportReportDto, description: 'A new podcast' })
  @ApiOkResponse({ type: FeedImportReportDto, description: 'A podcast that was there' })
  @ApiBadRequestResponse(problemResponse('There is no file in the form', 400, 'file_missing'))
  @ApiNotFoundResponse(NO_PODCAST)
  @ApiConflictResponse(CONFLICT)
  @ApiPayloadTooLargeResponse(problemResponse('The file is larger than 32 MiB', 413, 'too_large'))
  @ApiUnsupportedMediaTypeResponse(
    problemResponse('The body is neither a form nor XML', 415, 'unsupported_media_type'),
  )
  @ApiUnprocessableEntityResponse(UNREADABLE)
  @SerializeOptions({ type: FeedImportReportDto, strategy: 'excludeAll' })
  async fromFile(
    @Caller() { tenantId }: TenantPrincipal,
    @Query() { podcastId }: ImportTargetDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FeedImportReport> {
    const { bytes, contentType } = await readFeedUpload(request);
    return answer(reply, await this.catalog.importFeedBytes(tenantId, bytes, { podcastId, contentType }));
  }
}

function answer(reply: FastifyReply, report: FeedImportReport): FeedImportReport {
  void reply.status(report.created ? 201 : 200);
  return report;
}
