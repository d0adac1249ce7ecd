import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
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
import { Access, Caller, problemResponse, UuidParam, type TenantPrincipal } from '@lib/http';
import { AgentOverridesService } from '../application/agent-overrides.service.js';
import {
  AgentOverrideDto,
  AgentOverridePageDto,
  AgentOverridesQueryDto,
  CreateAgentOverrideDto,
} from './agent-overrides.dto.js';

const NOT_FOUND = problemResponse('The tenant has no such override', 404, 'agent_override_not_found');

/** What the tenant says about agents where lists are silent or too kind. */
@ApiTags('counting')
@Controller('v1/agent-overrides')
export class AgentOverridesController {
  constructor(private readonly overrides: AgentOverridesService) {}

  @Get()
  @Access('read')
  @ApiOperation({ summary: 'List agent overrides, the youngest first' })
  @ApiOkResponse({ type: AgentOverridePageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  list(
    @Query() { removed = false, limit = 50, cursor }: AgentOverridesQueryDto,
  ): Promise<AgentOverridePageDto> {
    return this.overrides.list(removed, { limit, cursor });
  }

  @Get(':id')
  @Access('read')
  @ApiOperation({ summary: 'Read an agent override' })
  @ApiOkResponse({ type: AgentOverrideDto })
  @ApiNotFoundResponse(NOT_FOUND)
  find(@UuidParam('id') id: string): Promise<AgentOverrideDto> {
    return this.overrides.find(id);
  }

  @Post()
  @Access('write')
  @ApiOperation({
    summary: 'Say what an agent is, or what requests of a network are',
    description:
      'With a pattern alone it names agents that no podcast list knows by name: an app, browser, library or bot. With `asn`, ' +
      '`country` or `agentKind` it is a filter: what meets all of it and would count is a bot, or comes from a data ' +
      'centre. Of several that apply the one added first decides. It acts in rule sets that are made from now on; days ' +
      'that were counted before change by a recount only.',
  })
  @ApiCreatedResponse({ type: AgentOverrideDto })
  @ApiBadRequestResponse(
    problemResponse('A field is not valid, or the fields do not go together', 400, 'override_incoherent'),
  )
  @ApiConflictResponse(problemResponse('As many stand as may', 409, 'too_many_overrides'))
  add(@Caller() { keyId }: TenantPrincipal, @Body() body: CreateAgentOverrideDto): Promise<AgentOverrideDto> {
    const { pattern = null, agentKind = null, asn = null, country = null, from = null, until = null } = body;
    const { kind, name, reason } = body;
    const override = { kind, name, pattern, agentKind, asn, country, from, until, reason };
    return this.overrides.add(override, `key ${keyId}`);
  }

  @Delete(':id')
  @Access('write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Leave an override out of the rule sets that are made from now on',
    description: 'It stays readable, and rule sets that name it go on to count by it.',
  })
  @ApiNoContentResponse()
  @ApiNotFoundResponse(NOT_FOUND)
  remove(@Caller() { keyId }: TenantPrincipal, @UuidParam('id') id: string): Promise<void> {
    return this.overrides.remove(id, `key ${keyId}`);
  }
}
