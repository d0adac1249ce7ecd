import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Patch,
  Post,
  Query,
  SerializeOptions,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, problemResponse, UuidParam } from '@lib/http';
import { PodcastsService } from '../application/podcasts.service.js';
import {
  CreatePodcastDto,
  PodcastDto,
  PodcastPageDto,
  PodcastPageQueryDto,
  UpdatePodcastDto,
} from './podcasts.dto.js';

const NOT_FOUND = problemResponse('The tenant has no such podcast', 404, 'podcast_not_found');
const FULL = problemResponse('The quota of podcasts is reached', 409, 'podcast_quota_reached');
const INVALID = problemResponse('A field is not valid', 400, 'invalid_input');

/** Podcasts of the caller's tenant. */
@ApiTags('catalog')
@Controller('v1/podcasts')
export class PodcastsController {
  constructor(private readonly podcasts: PodcastsService) {}

  @Post()
  @Access('write')
  @ApiOperation({
    summary: 'Create a podcast',
    description: 'To bring one in with its episodes, import its feed.',
  })
  @ApiCreatedResponse({ type: PodcastDto })
  @ApiBadRequestResponse(INVALID)
  @ApiConflictResponse(FULL)
  @SerializeOptions({ type: PodcastDto })
  create(@Body() body: CreatePodcastDto): Promise<object> {
    return this.podcasts.create(body);
  }

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'List podcasts, newest first, or search them by title',
    description: 'Archived podcasts are left out.',
  })
  @ApiOkResponse({ type: PodcastPageDto })
  @ApiBadRequestResponse(problemResponse('The cursor or a parameter is not valid', 400, 'invalid_cursor'))
  @SerializeOptions({ type: PodcastPageDto })
  list(@Query() { limit = 50, cursor, search }: PodcastPageQueryDto): Promise<object> {
    return this.podcasts.list({ limit, cursor, search });
  }

  @Get(':id')
  @Access('read')
  @ApiOperation({ summary: 'Read a podcast, archived or not' })
  @ApiOkResponse({ type: PodcastDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @SerializeOptions({ type: PodcastDto })
  get(@UuidParam('id') id: string): Promise<object> {
    return this.podcasts.get(id);
  }

  @Patch(':id')
  @Access('write')
  @ApiOperation({
    summary: 'Change a podcast',
    description: 'Fields that are left out stay. The next import of its feed replaces what the feed has.',
  })
  @ApiOkResponse({ type: PodcastDto })
  @ApiBadRequestResponse(INVALID)
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(FULL)
  @SerializeOptions({ type: PodcastDto })
  update(@UuidParam('id') id: string, @Body() body: UpdatePodcastDto): Promise<object> {
    return this.podcasts.update(id, body);
  }

  @Delete(':id')
  @Access('write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Archive a podcast',
    description: 'Lists and searches leave it out, with its episodes. Its numbers stay.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(NOT_FOUND)
  archive(@UuidParam('id') id: string): Promise<void> {
    return this.podcasts.archive(id);
  }
}
