import { Body, Controller, Delete, Get, Param, Patch, Post, SerializeOptions } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, problemResponse } from '@lib/http';
import { KeysService } from '../application/keys.service.js';
import { TenantsService } from '../application/tenants.service.js';
import { CreatedKeyDto, CreateKeyDto, KeyDto } from './keys.dto.js';
import { TenantDto, UpdateTenantDto } from './tenants.dto.js';

/** The caller's own tenant and its keys. */
@ApiTags('tenant')
@Controller('v1')
export class TenantController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly keys: KeysService,
  ) {}

  @Get('tenant')
  @Access('read')
  @ApiOperation({ summary: 'Read the tenant and its settings' })
  @ApiOkResponse({ type: TenantDto })
  @SerializeOptions({ type: TenantDto })
  get(): Promise<object> {
    return this.tenants.get();
  }

  @Patch('tenant')
  @Access('admin')
  @ApiOperation({
    summary: 'Change the tenant and its settings',
    description:
      'Requests that come in meet a change of privacy at the latest after a minute, in every process. No level of data may ' +
      'be kept for less than the one that it is made from (retention_order); what is gone does not come back.',
  })
  @ApiOkResponse({ type: TenantDto })
  @ApiBadRequestResponse(problemResponse('A field is not valid', 400, 'invalid_input'))
  @SerializeOptions({ type: TenantDto })
  update(@Body() body: UpdateTenantDto): Promise<object> {
    return this.tenants.update(body);
  }

  @Post('keys')
  @Access('admin')
  @ApiOperation({
    summary: 'Create a key or a public ingest token',
    description: 'The answer is the only showing of the key.',
  })
  @ApiCreatedResponse({ type: CreatedKeyDto })
  @ApiBadRequestResponse(problemResponse('A field or the scopes are not valid', 400, 'invalid_scopes'))
  @SerializeOptions({ type: CreatedKeyDto })
  createKey(@Body() body: CreateKeyDto): Promise<object> {
    return this.keys.create({
      kind: body.kind ?? 'secret',
      name: body.name,
      scopes: body.scopes,
      trustedSender: body.trustedSender ?? false,
      expiresAt: body.expiresAt ?? null,
    });
  }

  @Get('keys')
  @Access('admin')
  @ApiOperation({ summary: 'List keys, newest first' })
  @ApiOkResponse({ type: [KeyDto] })
  @SerializeOptions({ type: KeyDto })
  listKeys(): Promise<object[]> {
    return this.keys.list();
  }

  @Delete('keys/:keyId')
  @Access('admin')
  @ApiOperation({
    summary: 'Revoke a key',
    description: 'Every instance stops accepting it within 5 seconds.',
  })
  @ApiOkResponse({ type: KeyDto })
  @ApiNotFoundResponse(problemResponse('No such key', 404, 'key_not_found'))
  @SerializeOptions({ type: KeyDto })
  revokeKey(@Param('keyId') keyId: string): Promise<object> {
    return this.keys.revoke(keyId);
  }
}
