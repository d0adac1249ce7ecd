import { Controller, Get, Query } from '@nestjs/common';
import { ApiBadRequestResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, problemResponse } from '@lib/http';
import { UnknownAgentsService } from '../application/unknown-agents.service.js';
import { UnknownAgentPageDto, UnknownAgentsQueryDto } from './unknown-agents.dto.js';

/** What is to be looked at by people. */
@ApiTags('counting')
@Controller('v1/unknown-agents')
export class UnknownAgentsController {
  constructor(private readonly unknownAgents: UnknownAgentsService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'List user agents that nobody knows, with their volume',
    description:
      'Agents of requests for files that neither the lists nor the overrides of the rule set of today know. They count. ' +
      'Those with most requests come first. Say what one is with an agent override.',
  })
  @ApiOkResponse({ type: UnknownAgentPageDto })
  @ApiBadRequestResponse(
    problemResponse('The range, the cursor or a parameter is not valid', 400, 'invalid_range'),
  )
  list(@Query() { from, to, limit = 50, cursor }: UnknownAgentsQueryDto): Promise<UnknownAgentPageDto> {
    return this.unknownAgents.list({ from, to }, { limit, cursor });
  }
}
