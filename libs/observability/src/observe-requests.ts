import type { FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';
import { isUuid } from '@lib/primitives';
import type { Readiness } from './readiness.js';

const duration = new Histogram({
  name: 'http_server_request_duration_seconds',
  help: 'Time to answer, by method, route template and status. Never by tenant, path or id.',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

interface Named {
  recognised?: { keyId: string; tenantId?: string };
}

/**
 * Times every request and logs it in one line: id, route template, status, time, the caller's tenant and the public id of
 * its key, also where the call was refused; of /v1/admin also the tenant that is read or changed, so that the log says who reached across tenants. No path,
 * address, agent or body. Probes and scrapes are not logged. While draining, answers ask clients to reconnect elsewhere.
 */
export function observeRequests(fastify: FastifyInstance, readiness: Readiness): void {
  fastify.addHook('onSend', async (_request, reply) => {
    if (readiness.draining) void reply.header('connection', 'close');
  });
  fastify.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'unmatched' : (request.routeOptions.url ?? 'unmatched');
    const { method } = request;
    const seconds = reply.elapsedTime / 1000;
    duration.observe({ method, route, status: String(reply.statusCode) }, seconds);
    if (route.startsWith('/health') || route === '/metrics') return;
    const { recognised } = request as unknown as Named;
    request.log.info(
      {
        method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        tenantId: recognised?.tenantId,
        keyId: recognised?.keyId,
        targetTenantId: targetTenantId(route, request.params),
      },
      'request',
    );
  });
}

/** The tenant that a platform route names. Only a UUID: anything else in the path may be anything. */
function targetTenantId(route: string, params: unknown): string | undefined {
  if (!route.startsWith('/v1/admin/')) return undefined;
  const { tenantId } = params as { tenantId?: string };
  return tenantId !== undefined && isUuid(tenantId) ? tenantId : undefined;
}
