import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Access } from '@lib/http';
import type { FastifyReply } from 'fastify';
import { Readiness, type CheckResult } from './readiness.js';

interface HealthBody {
  status: 'ok' | 'degraded' | 'unavailable';
  checks: Record<string, CheckResult>;
  version: string;
  engine?: string;
}

/**
 * Probes for an orchestrator. Never authenticated, limited or logged; never a host name or a secret in the answer.
 *
 * `live` looks at nothing but itself, so that an outage of the database does not restart every process; `startup` gates
 * the others; `ready` says whether to send work; `/health` is `ready` with the engine's name.
 */
@ApiExcludeController()
@Access('public')
@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('startup')
  startup(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthBody> {
    return this.answer(reply, ['startup']);
  }

  @Get('ready')
  ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthBody> {
    return this.answer(reply);
  }

  @Get()
  async all(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthBody> {
    return { ...(await this.answer(reply)), engine: this.readiness.engine ?? 'unknown' };
  }

  private async answer(reply: FastifyReply, only?: string[]): Promise<HealthBody> {
    const all = Object.entries(this.readiness.results()).filter(([name]) => only?.includes(name) ?? true);
    const result = await this.check(all);
    const degraded = all.some(([, check]) => check.status === 'degraded');
    const up = result.status === 'ok';
    void reply.status(up ? 200 : 503).header('cache-control', 'no-store');
    if (!up) void reply.header('retry-after', '1');
    return {
      status: !up ? 'unavailable' : degraded ? 'degraded' : 'ok',
      checks: Object.fromEntries(all),
      version: VERSION,
    };
  }

  private async check(checks: [string, CheckResult][]): Promise<HealthCheckResult> {
    const indicators = checks.map(([name, check]) => (): HealthIndicatorResult => {
      const indicator = this.indicators.check(name);
      return check.status === 'down' ? indicator.down() : indicator.up();
    });
    try {
      return await this.health.check(indicators);
    } catch (error) {
      // Terminus reports "down" by throwing; here it is an answer like any other.
      const { response } = error as { response?: HealthCheckResult };
      if (response === undefined) throw error;
      return response;
    }
  }
}

/** The program's version, as in package.json. */
export const VERSION = '0.1.0';
