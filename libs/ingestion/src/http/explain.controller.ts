import { Controller, Get, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, problemResponse } from '@lib/http';
import { ExplainService } from '../application/explain.service.js';
import { ExplainQueryDto, ExplanationDto } from './explain.dto.js';

/** Where a number comes from. */
@ApiTags('counting')
@Controller('v1/metrics/explain')
export class ExplainController {
  constructor(private readonly explanations: ExplainService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'Explain a number of downloads',
    description:
      'Counts the requests of the range again and says what became of each: the first rule that applies names its ' +
      'outcome, so the steps of a funnel add up to its requests. At most 31 days and 500,000 requests.',
  })
  @ApiOkResponse({ type: ExplanationDto })
  @ApiBadRequestResponse(
    problemResponse(
      'The range is not valid, or holds too many requests (explain_too_large)',
      400,
      'invalid_range',
    ),
  )
  explain(@Query() { from, to, podcastId, episodeId, window }: ExplainQueryDto): Promise<ExplanationDto> {
    return this.explanations.answer({
      from,
      to,
      podcastId: podcastId ?? null,
      episodeId: episodeId ?? null,
      window: window ?? null,
    });
  }
}
