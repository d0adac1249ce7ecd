import { Body, Controller, Get, Patch, Post, Query, SerializeOptions } from '@nestjs/common';
import {
  ApiNotFoundResponse,
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, problemResponse, UuidParam } from '@lib/http';
import { DomainError, isUuid, toTenantId } from '@lib/primitives';
import { KeysService } from '../application/keys.service.js';
import { TenantsService } from '../application/tenants.service.js';
import {
  AdminUpdateTenantDto,
  CreatedTenantDto,
  CreateTenantDto,
  TenantDto,
  TenantPageDto,
  TenantPageQueryDto,
} from './tenants.dto.js';

/** Tenants, for the people who run the platform. */
@ApiTags('platform')
@Access('platform')
@Controller('v1/admin/tenants')
export class AdminTenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly keys: KeysService,
  ) {}

  @Post()
  @ApiOperation({ summary: 'Create a tenant with a first key' })
  @ApiCreatedResponse({ type: CreatedTenantDto })
  @ApiBadRequestResponse(problemResponse('The name or the time zone is not valid', 400, 'invalid_input'))
  @SerializeOptions({ type: CreatedTenantDto })
  async create(@Body() body: CreateTenantDto): Promise<object> {
    const first = {
      kind: 'secret',
      name: 'First key',
      scopes: ['admin'],
      trustedSender: false,
      expiresAt: null,
    } as const;
    const { tenant, result } = await this.tenants.create(
      { name: body.name, timeZone: body.timeZone ?? 'UTC' },
      () => this.keys.create(first),
    );
    return { ...tenant, key: result };
  }

  @Get()
  @ApiOperation({ summary: 'List tenants, oldest first' })
  @ApiOkResponse({ type: TenantPageDto })
  @ApiBadRequestResponse(problemResponse('The limit or the cursor is not valid', 400, 'invalid_input'))
  @SerializeOptions({ type: TenantPageDto })
  async list(@Query() query: TenantPageQueryDto): Promise<object> {
    const limit = query.limit ?? 50;
    const rows = await this.tenants.list(
      limit + 1,
      query.after === undefined ? null : parsePosition(query.after),
    );
    const items = rows.slice(0, limit);
    const last = items.at(-1) as (TenantDto & { createdAtText: string }) | undefined;
    const next =
      rows.length > limit && last
        ? Buffer.from(`${last.createdAtText}|${last.tenantId}`).toString('base64url')
        : null;
    return { items, next };
  }

  @Get(':tenantId')
  @ApiOperation({ summary: 'Read a tenant' })
  @ApiOkResponse({ type: TenantDto })
  @ApiNotFoundResponse(problemResponse('No such tenant', 404, 'tenant_not_found'))
  @SerializeOptions({ type: TenantDto })
  find(@UuidParam('tenantId') tenantId: string): Promise<object> {
    return this.tenants.find(toTenantId(tenantId));
  }

  @Patch(':tenantId')
  @ApiOperation({ summary: 'Change or suspend a tenant' })
  @ApiOkResponse({ type: TenantDto })
  @ApiNotFoundResponse(problemResponse('No such tenant', 404, 'tenant_not_found'))
  @ApiBadRequestResponse(problemResponse('A field is not valid', 400, 'invalid_input'))
  @SerializeOptions({ type: TenantDto })
  change(@UuidParam('tenantId') tenantId: string, @Body() body: AdminUpdateTenantDto): Promise<object> {
    return this.tenants.change(toTenantId(tenantId), body);
  }
}

// Not signed like a tenant's cursor: whoever holds a platform key may read every tenant anyway.
function parsePosition(after: string): { createdAt: string; tenantId: string } {
  const [createdAt = '', tenantId = ''] = Buffer.from(after, 'base64url').toString('utf8').split('|');
  if (!isUuid(tenantId) || Number.isNaN(Date.parse(createdAt))) {
    throw new DomainError('invalid_cursor', 400, 'The cursor was changed or belongs to another list.', {
      field: 'after',
    });
  }
  return { createdAt, tenantId };
}
