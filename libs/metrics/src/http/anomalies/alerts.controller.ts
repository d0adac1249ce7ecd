import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Access, Caller, problemResponse, UuidParam, type TenantPrincipal } from '@lib/http';
import { AlertsService } from '../../application/anomalies/alerts.service.js';
import { AcknowledgeAlertDto, AlertDto, AlertPageDto, AlertQueryDto } from './alerts.dto.js';

/** Numbers that are far from what is usual. */
@ApiTags('metrics')
@Controller('v1/alerts')
export class AlertsController {
  constructor(private readonly alerts: AlertsService) {}

  @Get()
  @Access('read')
  @ApiOperation({
    summary: 'List unusual days, the last found first',
    description:
      'Downloads of a podcast at one level of evidence on a UTC day, compared with the same weekday of the last 8 weeks. The ' +
      'running day is judged every hour, for too many downloads only; too few are looked for 12 hours after the day’s end. An ' +
      'alert changes no number, and resolves when late data bring the number back.',
  })
  @ApiOkResponse({ type: AlertPageDto })
  @ApiBadRequestResponse(problemResponse('A parameter is not valid', 400, 'invalid_cursor'))
  list(@Query() { limit = 50, ...query }: AlertQueryDto): Promise<AlertPageDto> {
    return this.alerts.list({ ...query, limit });
  }

  @Post(':id/acknowledge')
  @Access('write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Note that an alert has been seen',
    description: 'Replaces an earlier note. An alert that has resolved stays resolved.',
  })
  @ApiOkResponse({ type: AlertDto })
  @ApiBadRequestResponse(problemResponse('A field is not valid', 400, 'invalid_input'))
  @ApiNotFoundResponse(problemResponse('The tenant has no such alert', 404, 'alert_not_found'))
  acknowledge(
    @Caller() { keyId }: TenantPrincipal,
    @UuidParam('id') id: string,
    @Body() { note }: AcknowledgeAlertDto,
  ): Promise<AlertDto> {
    return this.alerts.acknowledge(id, `key ${keyId}`, note ?? null);
  }
}
