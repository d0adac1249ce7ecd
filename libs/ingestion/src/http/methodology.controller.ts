import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { Access, Caller, problemResponse, type TenantPrincipal } from '@lib/http';
import type { FastifyReply } from 'fastify';
import { MethodologyService } from '../application/methodology.service.js';
import type { Methodology } from '../domain/methodology/methodology.js';
import { MethodologyDto, MethodologyQueryDto, SelfAuditDto } from './methodology.dto.js';

/** How downloads are counted, in words that can be handed on. */
@ApiTags('counting')
@ApiExtraModels(MethodologyDto)
@Controller('v1/methodology')
export class MethodologyController {
  constructor(private readonly methodology: MethodologyService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'Describe the methodology',
    description:
      'Generated from the configuration in force: rules, lists, evidence, every divergence from the guidelines with its ' +
      'reason, and what they leave open. The period is the last 30 UTC days before today. No address is named.',
  })
  @ApiOkResponse({
    description: 'As JSON, or as Markdown with `format=markdown`',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(MethodologyDto) } },
      'text/markdown': { schema: { type: 'string' } },
    },
  })
  @ApiBadRequestResponse(problemResponse('The format is neither json nor markdown', 400, 'invalid_input'))
  async describe(
    @Query() { format = 'json' }: MethodologyQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Methodology | string> {
    if (format === 'json') return this.methodology.describe();
    void reply.header('content-type', 'text/markdown; charset=utf-8');
    return this.methodology.render();
  }

  @Post('self-audits')
  @Access('admin')
  @ApiOperation({
    summary: 'Record a self-audit',
    description:
      'At least twice a year (PTMG v2.3 §5.5.6). The description shows it and when the next one is due.',
  })
  @ApiCreatedResponse({ type: SelfAuditDto })
  @ApiBadRequestResponse(problemResponse('A field is not valid', 400, 'invalid_input'))
  recordAudit(@Caller() { keyId }: TenantPrincipal, @Body() body: SelfAuditDto): Promise<SelfAuditDto> {
    return this.methodology.recordAudit(body, `key ${keyId}`);
  }
}
