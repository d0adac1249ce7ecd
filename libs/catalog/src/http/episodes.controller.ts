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
import { Access, PageQueryDto, problemResponse, UuidParam } from '@lib/http';
import { EpisodesService } from '../application/episodes.service.js';
import { EpisodeDto, EpisodePageDto } from './episode-answers.dto.js';
import { CreateEpisodeDto, EpisodePageQueryDto, UpdateEpisodeDto } from './episodes.dto.js';

const NO_PODCAST = problemResponse('The tenant has no such podcast', 404, 'podcast_not_found');
const NOT_FOUND = problemResponse('The tenant has no such episode', 404, 'episode_not_found');
const INVALID = problemResponse('A field is not valid', 400, 'invalid_input');
const EXISTS = problemResponse('The podcast has an episode with this guid and file', 409, 'episode_exists');

/** Episodes of the caller's tenant. */
@ApiTags('catalog')
@Controller('v1')
export class EpisodesController {
  constructor(private readonly episodes: EpisodesService) {}

  @Post('podcasts/:podcastId/episodes')
  @Access('write')
  @ApiOperation({ summary: 'Add an episode' })
  @ApiCreatedResponse({ type: EpisodeDto })
  @ApiBadRequestResponse(INVALID)
  @ApiNotFoundResponse(NO_PODCAST)
  @ApiConflictResponse(EXISTS)
  @SerializeOptions({ type: EpisodeDto })
  create(@UuidParam('podcastId') podcastId: string, @Body() body: CreateEpisodeDto): Promise<object> {
    return this.episodes.create(podcastId, body);
  }

  @Get('podcasts/:podcastId/episodes')
  @Access('read')
  @ApiOperation({
    summary: 'List the episodes of a podcast, the last added first',
    description: 'Those of one import are in the order of their publication. Archived episodes are left out.',
  })
  @ApiOkResponse({ type: EpisodePageDto })
  @ApiBadRequestResponse(problemResponse('The cursor or a parameter is not valid', 400, 'invalid_cursor'))
  @ApiNotFoundResponse(NO_PODCAST)
  @SerializeOptions({ type: EpisodePageDto, strategy: 'excludeAll' })
  listOfPodcast(
    @UuidParam('podcastId') podcastId: string,
    @Query() { limit = 50, cursor }: PageQueryDto,
  ): Promise<object> {
    return this.episodes.listOfPodcast(podcastId, { limit, cursor });
  }

  @Get('episodes')
  @Access('read')
  @ApiOperation({
    summary: 'List episodes, the last added first, or search them by title',
    description: 'Archived episodes are left out, and those of archived podcasts unless podcastId names one.',
  })
  @ApiOkResponse({ type: EpisodePageDto })
  @ApiBadRequestResponse(problemResponse('The cursor or a parameter is not valid', 400, 'invalid_cursor'))
  @SerializeOptions({ type: EpisodePageDto, strategy: 'excludeAll' })
  list(@Query() { limit = 50, ...query }: EpisodePageQueryDto): Promise<object> {
    return this.episodes.list({ limit, ...query });
  }

  @Get('episodes/:id')
  @Access('read')
  @ApiOperation({ summary: 'Read an episode, archived or not' })
  @ApiOkResponse({ type: EpisodeDto })
  @ApiNotFoundResponse(NOT_FOUND)
  @SerializeOptions({ type: EpisodeDto })
  get(@UuidParam('id') id: string): Promise<object> {
    return this.episodes.get(id);
  }

  @Patch('episodes/:id')
  @Access('write')
  @ApiOperation({
    summary: 'Change an episode',
    description:
      'Fields that are left out stay. The next import of the feed replaces what the feed has, except mediaBytes, ' +
      'headerBytes and durationSeconds: what is set here stays until it is set to null.',
  })
  @ApiOkResponse({ type: EpisodeDto })
  @ApiBadRequestResponse(INVALID)
  @ApiNotFoundResponse(NOT_FOUND)
  @ApiConflictResponse(EXISTS)
  @SerializeOptions({ type: EpisodeDto })
  update(@UuidParam('id') id: string, @Body() body: UpdateEpisodeDto): Promise<object> {
    return this.episodes.update(id, body);
  }

  @Delete('episodes/:id')
  @Access('write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Archive an episode',
    description: 'Lists and searches leave it out. Its numbers stay, and later imports do not bring it back.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(NOT_FOUND)
  archive(@UuidParam('id') id: string): Promise<void> {
    return this.episodes.archive(id);
  }
}
