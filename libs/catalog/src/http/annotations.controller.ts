import { Controller, Get, Query, SerializeOptions } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, problemResponse } from '@lib/http';
import { AnnotationsService } from '../application/annotations.service.js';
import { AnnotationPageDto, AnnotationsQueryDto } from './annotations.dto.js';

/** What happened that explains changes in the tenant's numbers. */
@ApiTags('catalog')
@Controller('v1/annotations')
export class AnnotationsController {
  constructor(private readonly annotations: AnnotationsService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'List what explains changes in the numbers, newest first',
    description:
      'Addresses of files that changed (prefix_changed: only the way to the same file; enclosure_changed: anything else) ' +
      'make apps download again; a feed that moved may lose or repeat requests.',
  })
  @ApiOkResponse({ type: AnnotationPageDto })
  @ApiBadRequestResponse(
    problemResponse('The range, the cursor or a parameter is not valid', 400, 'invalid_range'),
  )
  @SerializeOptions({ type: AnnotationPageDto })
  list(@Query() { from, to, podcastId, limit = 50, cursor }: AnnotationsQueryDto): Promise<object> {
    const filter = { from: toDate(from), to: toDate(to), podcastId: podcastId ?? null };
    return this.annotations.list(filter, { limit, cursor });
  }
}

function toDate(text: string | undefined): Date | null {
  return text === undefined ? null : new Date(text);
}
