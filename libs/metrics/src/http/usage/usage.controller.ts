import { Controller, Get } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, problemResponse, ReadsReplica, UuidParam } from '@lib/http';
import { toTenantId } from '@lib/primitives';
import { UsageService } from '../../application/usage/usage.service.js';
import { UsageDto } from './usage.dto.js';

/**
 * What the caller's tenant has stored, and for how long. The answer is never kept: the newest raw event, quotas and
 * measurements change without the watermark.
 */
@ApiTags('tenant')
@Controller('v1/usage')
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Get()
  @Access('read')
  @ReadsReplica()
  @ApiOperation({
    summary: 'How much is stored',
    description:
      'Podcasts and episodes, events by day, rows and bytes by table and level, quotas, and the retention in force. ' +
      'Storage is measured once a UTC day.',
  })
  @ApiOkResponse({ type: UsageDto })
  read(): Promise<UsageDto> {
    return this.usage.answer();
  }
}

/** The same of any tenant, for the people who run the platform. */
@ApiTags('platform')
@Access('platform')
@Controller('v1/admin/tenants')
export class AdminUsageController {
  constructor(private readonly usage: UsageService) {}

  @Get(':tenantId/usage')
  @ApiOperation({ summary: 'How much a tenant has stored' })
  @ApiOkResponse({ type: UsageDto })
  @ApiNotFoundResponse(problemResponse('No such tenant', 404, 'tenant_not_found'))
  read(@UuidParam('tenantId') tenantId: string): Promise<UsageDto> {
    return this.usage.answerOf(toTenantId(tenantId));
  }
}
