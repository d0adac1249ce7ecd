import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Settings } from '@lib/config';
import { Access } from '@lib/http';
import { DomainError } from '@lib/primitives';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * Prometheus metrics: for loopback, and elsewhere for whoever holds `METRICS_TOKEN`. What a proxy on this machine forwards
 * comes from loopback too, so a request that says it was forwarded needs the token.
 */
@ApiExcludeController()
@Access('public')
@Controller()
export class MetricsController extends PrometheusController {
  constructor(@Inject(Settings) private readonly settings: Settings) {
    super();
  }

  @Get()
  override async index(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { request } = reply;
    const token = this.settings.metricsToken;
    const bearer = token !== undefined && request.headers.authorization === `Bearer ${token}`;
    if (!bearer && !isLocal(request)) {
      throw new DomainError(
        'unauthenticated',
        401,
        'Metrics are served to loopback without a proxy, or with METRICS_TOKEN as a bearer token.',
      );
    }
    return super.index(reply);
  }
}

function isLocal({ headers, socket }: FastifyRequest): boolean {
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) return false;
  const address = socket.remoteAddress ?? '';
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}
