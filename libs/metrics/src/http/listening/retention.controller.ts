import { Controller, Get, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, problemResponse, ReadsReplica } from '@lib/http';
import { RetentionService } from '../../application/listening/retention.service.js';
import { RetentionAnswerDto, RetentionQueryDto } from './retention.dto.js';
import { CachedAnswer } from '../serving/cached-answer.js';

/** Listening inside episodes of the caller's tenant. */
@ApiTags('metrics')
@Access('read')
@ReadsReplica()
@Controller('v1/metrics')
export class RetentionController {
  constructor(private readonly service: RetentionService) {}

  @Get('retention')
  @CachedAnswer()
  @ApiOperation({
    summary: 'Where in an episode people listen, and where they leave',
    description:
      'By 10 seconds of the episode, from what players tell (play, pause, resume, seek, progress, complete with a ' +
      'sessionId and positionMs). Between two events of a session at most 5 minutes apart, content from the earlier ' +
      'position to the later one was heard if the player was playing and that is forward and at most 3.5 times the ' +
      'elapsed time and 2 seconds; before a seek, as much as the elapsed time. A player that sends progress every 10 to ' +
      '30 seconds gives the best curve; one that sends less often than every 5 minutes gives none. Listening belongs to ' +
      'the instant of the later event. A start is a play without an event of its session in the 5 minutes before. At ' +
      'most 10 years.',
  })
  @ApiOkResponse({ type: RetentionAnswerDto })
  @ApiBadRequestResponse(
    problemResponse(
      'The question or a window is not valid, the range is too long, or what was heard then is gone (before_hour_horizon)',
      400,
      'invalid_window',
    ),
  )
  @ApiNotFoundResponse(problemResponse('No such episode', 404, 'episode_not_found'))
  retention(@Query() { window = [], ...question }: RetentionQueryDto): Promise<RetentionAnswerDto> {
    return this.service.answer({ ...question, windows: window });
  }
}
