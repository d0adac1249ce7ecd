import { Body, Controller, Get, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, Caller, problemResponse, UuidParam, type TenantPrincipal } from '@lib/http';
import { RuleSetsService } from '../application/rule-sets.service.js';
import { CreateRuleSetDto, RuleSetDto, RuleSetListDto } from './rule-sets.dto.js';

/** By what the tenant's downloads are counted. */
@ApiTags('counting')
@Controller('v1/rule-sets')
export class RuleSetsController {
  constructor(private readonly ruleSets: RuleSetsService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'List rule sets',
    description: 'Empty until the first request is counted; it is then counted by the product’s defaults.',
  })
  @ApiOkResponse({ type: RuleSetListDto })
  async list(): Promise<RuleSetListDto> {
    return { items: await this.ruleSets.list() };
  }

  @Get(':id')
  @Access('read')
  @ApiOperation({ summary: 'Read a rule set' })
  @ApiOkResponse({ type: RuleSetDto })
  @ApiNotFoundResponse(problemResponse('The tenant has no such rule set', 404, 'rule_set_not_found'))
  find(@UuidParam('id') id: string): Promise<RuleSetDto> {
    return this.ruleSets.find(id);
  }

  @Post()
  @Access('admin')
  @ApiOperation({
    summary: 'Add a rule set',
    description:
      'It is never changed afterwards. New days are counted under it from `validFrom` on; days that were counted before ' +
      'stay as they are until a recount is applied.',
  })
  @ApiCreatedResponse({ type: RuleSetDto })
  @ApiBadRequestResponse(problemResponse('A field is not valid', 400, 'invalid_input'))
  @ApiNotFoundResponse(problemResponse('No stored list has that hash', 404, 'list_not_found'))
  @ApiConflictResponse(problemResponse('The version is taken', 409, 'version_taken'))
  create(
    @Caller() { keyId }: TenantPrincipal,
    @Body() { note = '', ...body }: CreateRuleSetDto,
  ): Promise<RuleSetDto> {
    return this.ruleSets.create({ ...body, note }, `key ${keyId}`);
  }
}
