import { Controller, HttpCode, Post, Query, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { Access, Caller, OwnTransactions, problemResponse, type TenantPrincipal } from '@lib/http';
import type { FastifyRequest } from 'fastify';
import type { ReconciliationAnswer } from '../application/reconciliation-answer.js';
import { ReconciliationService } from '../application/reconciliation.service.js';
import { readCsvUpload } from './read-csv-upload.js';
import { ReconciliationDto, TheirSettingsDto } from './reconciliations.dto.js';

/** The one route that takes CSV. The API leaves `text/csv` on this route to be read here. */
export const RECONCILIATIONS_PATH = '/v1/reconciliations';

const EXAMPLE =
  'day,guid,podcast,count\n2026-10-12,hl-1,Harbour Light,412\n2026-10-13,hl-1,Harbour Light,97\n';

/** Other parties' numbers beside ours. */
@ApiTags('counting')
@Access('read')
@OwnTransactions()
@Controller()
export class ReconciliationsController {
  constructor(private readonly reconciliations: ReconciliationService) {}

  @Post(RECONCILIATIONS_PATH)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Compare downloads with those that another party has counted',
    description:
      'Send its CSV as a file of a form or as the body (text/csv), up to 1 MiB and 10,000 rows of at most 366 days. ' +
      'Columns: `day` and `count`, and one or more of `episodeId`, `guid`, `title`, `podcast`; a row with nothing but a ' +
      'podcast stands for all of its episodes. Say with the parameters how it was counted. Where the settings differ in ' +
      'what makes two numbers ones of different things, the verdict is `not_comparable`. Else the ratio is ' +
      '(ours − theirs) / theirs: theirs is the base. Within ±5 %, border included, is `expected` between counters of the ' +
      'same rules (PTMG v2.3 §5.6); more is to `investigate`, with the rules that are likely to explain it and what our ' +
      'number would be with each of them changed, counted again from the same requests. Days are those of the time zone ' +
      'that is given, on both sides. Of an episode ' +
      'that the file names, a day without a row is a 0. Nothing is stored.',
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['file'],
      properties: {
        file: { type: 'string', format: 'binary', description: 'UTF-8, with a header', example: EXAMPLE },
      },
    },
  })
  @ApiOkResponse({ type: ReconciliationDto })
  @ApiBadRequestResponse(
    problemResponse('A parameter is not valid, or the form has no file', 400, 'invalid_input'),
  )
  @ApiPayloadTooLargeResponse(problemResponse('The file is larger than 1 MiB', 413, 'too_large'))
  @ApiUnsupportedMediaTypeResponse(
    problemResponse('The body is neither a form nor CSV', 415, 'unsupported_media_type'),
  )
  @ApiUnprocessableEntityResponse(
    problemResponse(
      'The file cannot be read (`field` names line and column), or downloads of its days are no longer kept one by one ' +
        '(before_download_horizon)',
      422,
      'csv_cell_invalid',
    ),
  )
  async compare(
    @Caller() { tenantId }: TenantPrincipal,
    @Query() { countries, ...theirs }: TheirSettingsDto,
    @Req() request: FastifyRequest,
  ): Promise<ReconciliationAnswer> {
    return this.reconciliations.compare(tenantId, await readCsvUpload(request), {
      ...theirs,
      countries: countries ?? null,
    });
  }
}
