import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Put,
  Req,
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
import type { FastifyRequest } from 'fastify';
import { RedirectPrefixService } from '../application/redirect-prefix.service.js';
import { AddHostDto, HostDto, HostListDto, PrefixDto, PutPrefixDto } from './redirect-prefix.dto.js';

const NO_PODCAST = problemResponse('The tenant has no such podcast', 404, 'podcast_not_found');
const INVALID = problemResponse('A field is not valid', 400, 'invalid_input');

/** The redirect of each podcast: its prefix, and where it may lead. */
@ApiTags('catalog')
@Controller('v1/podcasts/:podcastId')
export class RedirectPrefixController {
  constructor(private readonly prefixes: RedirectPrefixService) {}

  @Get('prefix')
  @Access('read')
  @ApiOperation({
    summary: 'Read the prefix that records requests for a podcast’s files',
    description: 'In front of an enclosure’s address it sends listeners on to the file.',
  })
  @ApiOkResponse({ type: PrefixDto })
  @ApiNotFoundResponse(problemResponse('The podcast has no prefix yet', 404, 'prefix_not_found'))
  @SerializeOptions({ type: PrefixDto })
  prefix(@UuidParam('podcastId') podcastId: string, @Req() request: FastifyRequest): Promise<object> {
    return this.prefixes.get(podcastId, originOf(request));
  }

  @Put('prefix')
  @Access('write')
  @ApiOperation({
    summary: 'Give a podcast another prefix',
    description:
      'Former prefixes go on working: feeds are kept for years. Sending the same handle again is safe.',
  })
  @ApiOkResponse({ type: PrefixDto })
  @ApiBadRequestResponse(INVALID)
  @ApiNotFoundResponse(NO_PODCAST)
  @ApiConflictResponse(problemResponse('The handle is taken', 409, 'handle_taken'))
  @SerializeOptions({ type: PrefixDto })
  putPrefix(
    @UuidParam('podcastId') podcastId: string,
    @Body() { handle }: PutPrefixDto,
    @Req() request: FastifyRequest,
  ): Promise<object> {
    return this.prefixes.put(podcastId, handle, originOf(request));
  }

  @Get('hosts')
  @Access('read')
  @ApiOperation({
    summary: 'List the hosts that the redirect of a podcast may lead to',
    description: 'Those of its enclosures, and those added by hand.',
  })
  @ApiOkResponse({ type: HostListDto })
  @ApiNotFoundResponse(NO_PODCAST)
  @SerializeOptions({ type: HostListDto })
  async hosts(@UuidParam('podcastId') podcastId: string): Promise<object> {
    return { items: await this.prefixes.listHosts(podcastId) };
  }

  @Post('hosts')
  @Access('write')
  @ApiOperation({
    summary: 'Let the redirect lead to a host that no enclosure has',
    description: 'For files that moved before the feed did. Every process knows it within five minutes.',
  })
  @ApiCreatedResponse({ type: HostDto })
  @ApiBadRequestResponse(INVALID)
  @ApiNotFoundResponse(NO_PODCAST)
  @SerializeOptions({ type: HostDto })
  addHost(@UuidParam('podcastId') podcastId: string, @Body() { host }: AddHostDto): Promise<object> {
    return this.prefixes.addHost(podcastId, host);
  }

  @Delete('hosts/:host')
  @Access('write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'No longer let the redirect lead to a host',
    description:
      'A host that enclosures have comes back with the next import. Redirects may go on leading there for up to five ' +
      'minutes: until then not every process knows.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(problemResponse('The podcast has no such host', 404, 'host_not_found'))
  removeHost(@UuidParam('podcastId') podcastId: string, @Param('host') host: string): Promise<void> {
    return this.prefixes.removeHost(podcastId, host);
  }
}

function originOf({ protocol, host }: FastifyRequest): string {
  return `${protocol}://${host}`;
}
