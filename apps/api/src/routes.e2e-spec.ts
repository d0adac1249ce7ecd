import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Access, undeclaredRoutes } from '@lib/http';
import { projectRoot } from '@lib/database';
import { startTestApi, testEngine, type TestApi } from '@lib/testing';
import { createApi } from './create-api.js';

interface Operation {
  'x-access'?: string;
  parameters?: { in: string; name: string; schema?: { format?: string } }[];
  responses: Record<
    string,
    { content?: Record<string, { example?: { title?: string; status?: number } }> } | undefined
  >;
  requestBody?: {
    content: Record<
      string,
      { example?: unknown; examples?: unknown; schema?: { $ref?: string; properties?: object } }
    >;
  };
  summary?: string;
  tags?: string[];
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<
      string,
      { properties?: Record<string, { example?: unknown; type?: string; $ref?: string }> }
    >;
  };
}

const document = JSON.parse(readFileSync(join(projectRoot(), 'apps/api/openapi.json'), 'utf8')) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);
/** What the document shows to callers without a key. Each of them has a proof of its own. */
const PUBLIC = ['GET /v1/listener-exports/{link}', 'GET /v1/export-files/{link}'];
const keyed = operations.filter(({ method, path }) => !PUBLIC.includes(`${method} ${path}`));
const filled = (path: string, id: string) => path.replace(/\{[^}]+\}/g, id);
const OUTSIDE_THE_DOCUMENT = [/^\/r$/, /^\/health(\/\w+)?$/, /^\/metrics$/, /^\/api\/docs/];

let api: TestApi;
const served: { method: string; url: string }[] = [];

beforeAll(async () => {
  api = await startTestApi(createApi);
  const text = api.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  served.push(...readRouteTree(text));
});
afterAll(() => api.close());

/** Reads the indented tree that the router prints. */
function readRouteTree(tree: string): { method: string; url: string }[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const match = /^((?:[│ ] {3})*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
    if (match === null) return [];
    const depth = (match[1] ?? '').length / 4;
    // Routes that share a place share the parameter too, under all its names.
    const url = ((depth === 0 ? '' : parents[depth - 1]) ?? '') + (match[2] ?? '').replace(/:[\w|:]+/g, ':');
    parents[depth] = url;
    return (match[3]?.split(', ') ?? []).map((method) => ({ method, url }));
  });
}

describe('routes', () => {
  test('the router serves what the document says, and little else', () => {
    const documented = new Set(
      operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, ':')}`),
    );
    const rest = served
      .filter(({ method }) => !['HEAD', 'OPTIONS', 'TRACE'].includes(method))
      .map(({ method, url }) => `${method} ${url}`)
      .filter((route) => !documented.has(route));
    const unexpected = rest.filter(
      (route) => !OUTSIDE_THE_DOCUMENT.some((known) => known.test(route.split(' ')[1] ?? '')),
    );
    expect(served.length).toBeGreaterThan(20);
    expect(unexpected).toEqual([]);
    for (const route of documented)
      expect(served.map(({ method, url }) => `${method} ${url}`)).toContain(route);
  });

  test('a controller that does not say who may call it keeps the process from starting', async () => {
    @Controller('rogue')
    class Rogue {
      @Get() open(): string {
        return 'open';
      }
      @Get('declared') @Access('read') declared(): string {
        return 'declared';
      }
    }
    @Module({ controllers: [Rogue] })
    class RogueModule {}
    const app = await NestFactory.create(RogueModule, new FastifyAdapter(), { logger: false });
    expect(undeclaredRoutes(app.get(ModulesContainer))).toEqual(['Rogue.open']);
    await app.close();
  });

  test.each(operations)(
    '$method $path says who may call it, groups itself and documents its errors',
    ({ operation }) => {
      const isPublic = !keyed.some((each) => each.operation === operation);
      const rules = isPublic ? ['public'] : ['ingest', 'read', 'raw', 'write', 'admin', 'platform'];
      expect(rules).toContain(operation['x-access']);
      expect(operation.summary).toBeTruthy();
      expect(operation.tags).toHaveLength(1);
      const { parameters = [], requestBody, responses } = operation;
      const takesId = parameters.some(
        ({ schema, ...rest }) => rest.in === 'path' && schema?.format === 'uuid',
      );
      const errors = isPublic ? ['404', '429', '500', '503'] : ['401', '403', '500', '503'];
      if (takesId || requestBody) errors.push('400');
      if (requestBody) errors.push('413', '415');
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(errors));
    },
  );

  test.each(operations)('$method $path shows its errors as they are sent', ({ operation }) => {
    for (const [status, response] of Object.entries(operation.responses)) {
      const example = response?.content?.['application/problem+json']?.example;
      if (Number(status) < 400) continue;
      expect(example).toMatchObject({ status: Number(status), title: STATUS_CODES[status] });
    }
  });

  test.each(operations.filter(({ path }) => path.includes('{')))(
    '$method $path documents what it answers to an id that is none',
    async ({ method, path, operation }) => {
      const { key } = await api.createTenant();
      const answer = await api.call(method, filled(path, 'none'), {
        key: operation['x-access'] === 'platform' ? api.platformKey : key,
        body: method === 'GET' || method === 'DELETE' ? undefined : {},
      });
      expect([400, 404]).toContain(answer.status);
      expect(Object.keys(operation.responses)).toContain(String(answer.status));
    },
  );

  test.each(operations.filter(({ operation }) => operation.requestBody))(
    '$method $path refuses a body that is too large or of another type, as documented',
    async ({ method, path, operation }) => {
      const url = filled(path, randomUUID());
      const key = operation['x-access'] === 'platform' ? api.platformKey : (await api.createTenant()).key;
      const large = JSON.stringify({ name: 'x'.repeat(api.settings.ingestMaxBodyBytes) });
      const other = { key, body: 'x', headers: { 'content-type': 'application/octet-stream' } };
      expect((await api.call(method, url, { key, body: large })).body).toMatchObject({
        status: 413,
        code: 'too_large',
      });
      expect((await api.call(method, url, other)).body).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
      });
      expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['413', '415']));
    },
  );

  test.each(operations.filter(({ operation }) => operation.requestBody))(
    '$method $path shows an example of its body',
    ({ operation }) => {
      for (const [type, { example, examples, schema }] of Object.entries(
        operation.requestBody?.content ?? {},
      )) {
        if (type !== 'application/json') continue;
        const named = schema?.$ref?.split('/').at(-1) ?? '';
        const properties = Object.values(document.components.schemas[named]?.properties ?? {});
        const fromFields =
          properties.length > 0 && properties.some((property) => property.example !== undefined);
        expect(example !== undefined || examples !== undefined || fromFields).toBe(true);
      }
    },
  );

  test.each(keyed)('$method $path refuses a caller without a key', async ({ method, path }) => {
    const answer = await api.call<{ code: string }>(method, filled(path, randomUUID()), {
      body: method === 'GET' ? undefined : {},
    });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('every route refuses a key without its scope', async () => {
    const { key } = await api.createTenant();
    const keys = new Map<string, string>();
    for (const scope of ['ingest', 'read', 'raw', 'write']) {
      const created = await api.call<{ credential: string }>('POST', '/v1/keys', {
        key,
        body: { name: scope, scopes: [scope] },
      });
      keys.set(scope, created.body.credential);
    }
    for (const { method, path, operation } of keyed) {
      for (const [scope, credential] of keys) {
        if (scope === operation['x-access']) continue;
        const answer = await api.call(method, filled(path, randomUUID()), {
          key: credential,
          body: method === 'GET' ? undefined : {},
        });
        expect([method, path, scope, answer.status]).toEqual([method, path, scope, 403]);
      }
    }
  });
});

describe('every answer', () => {
  test.each(['/health/live', '/v1/tenant', '/nowhere', '/api/docs'])(
    'of %s carries the security headers',
    async (path) => {
      const { headers } = await api.call('GET', path);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
      expect(headers['x-powered-by']).toBeUndefined();
      expect(headers['strict-transport-security']).toMatch(/max-age=/);
    },
  );

  test('an unknown route is a problem like any other', async () => {
    const answer = await api.call('GET', '/nowhere');
    expect(answer.body).toMatchObject({ status: 404, code: 'not_found' });
    expect(JSON.stringify(answer.body)).not.toMatch(/nowhere|at /);
  });
});

describe('the documentation', () => {
  test('works offline: everything it loads comes from this server', async () => {
    const page = await api.call<string>('GET', '/api/docs');
    expect(page.status).toBe(200);
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).not.toMatch(/^(https?:)?\/\//);
      const asset = await api.call('GET', new URL(source, 'http://x/api/docs').pathname);
      expect([source, asset.status]).toEqual([source, 200]);
    }
  });

  test('serves the committed document', async () => {
    const answer = await api.call<Document>('GET', '/api/docs/openapi.json');
    expect(answer.body).toEqual(document);
  });
});

describe('health', () => {
  test('is ready once the database was judged, and says which engine it found', async () => {
    const { Readiness } = await import('@lib/observability');
    await api.app.get(Readiness).probe();
    const ready = await api.call('GET', '/health/ready');
    expect(ready.body).toMatchObject({
      status: 'ok',
      checks: { startup: { status: 'up' }, db: { status: 'up' } },
    });
    expect((await api.call('GET', '/health')).body).toMatchObject({ engine: testEngine() });
    expect((await api.call('GET', '/health/startup')).status).toBe(200);
    expect((await api.call('GET', '/health/live')).body).toEqual({ status: 'ok' });
  });

  test('metrics are served to loopback', async () => {
    const answer = await api.call<string>('GET', '/metrics');
    expect(answer.body).toMatch(/http_server_request_duration_seconds_bucket\{.*route="\/health\/ready"/);
    expect(answer.body).toMatch(/durability_settings_ok 1/);
  });

  test('metrics ask others for the token', async () => {
    const app = api.app;
    const answer = await app.inject({ method: 'GET', url: '/metrics', remoteAddress: '203.0.113.9' });
    expect(answer.statusCode).toBe(401);
  });

  test.each([
    ['x-forwarded-for', '203.0.113.9'],
    ['x-forwarded-for', ''],
    ['forwarded', 'for=203.0.113.9'],
  ])('metrics ask for the token when a proxy on this machine forwards: %s "%s"', async (name, value) => {
    const answer = await api.call('GET', '/metrics', { headers: { [name]: value } });
    expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
  });
});
