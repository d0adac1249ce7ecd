import type { Settings } from '@lib/config';
import { createRolePool } from '@lib/database';
import { createLogger } from '@lib/observability';
import { createPlatformKey } from '@lib/tenants';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import { createTestDatabase, testSettings, type TestDatabase } from './test-database.js';

type CreateApi = (settings: Settings, logger: Logger) => Promise<NestFastifyApplication>;

export interface Answer<Body> {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  body: Body;
}

/** The booted API on a database of its own. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly database: TestDatabase;
  readonly settings: Settings;
  readonly platformKey: string;
  /** Sends a request without a network. An object as `body` is sent as JSON. */
  call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: { key?: string | undefined; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer<Body>>;
  /** A new tenant, through the API, and its first key with scope `admin`. */
  createTenant(name?: string): Promise<{ tenantId: string; key: string }>;
  close(): Promise<void>;
}

/** Boots the API. `overrides` are environment variables. */
export async function startTestApi(
  createApi: CreateApi,
  overrides: Record<string, string> = {},
): Promise<TestApi> {
  const database = await createTestDatabase();
  const settings = testSettings(database, overrides);
  const app = await createApi(settings, createLogger('silent'));
  const owner = createRolePool(settings, () => undefined, 'podcast_owner', database.urls.owner, 1);
  const platformKey = await createPlatformKey(owner, settings.apiKeyPepper, 'test');
  await owner.end();
  const call: TestApi['call'] = async <Body>(
    method: string,
    path: string,
    options: Parameters<TestApi['call']>[2] = {},
  ) => {
    const { key, body, headers = {} } = options;
    const payload = typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body;
    const response = await app.inject({
      method: method as 'GET',
      url: path,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload: payload as string | Buffer }),
    });
    const text = response.payload;
    const isJson = /\bjson/.test(String(response.headers['content-type']));
    return {
      status: response.statusCode,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as Body,
    };
  };
  return {
    app,
    database,
    settings,
    platformKey,
    call,
    createTenant: async (name = 'Tenant') => {
      const answer = await call<{ tenantId: string; key: { credential: string } }>(
        'POST',
        '/v1/admin/tenants',
        {
          key: platformKey,
          body: { name },
        },
      );
      if (answer.status !== 201)
        throw new Error(`creating a tenant answered ${answer.status} ${JSON.stringify(answer.body)}`);
      return { tenantId: answer.body.tenantId, key: answer.body.key.credential };
    },
    close: async () => {
      await app.close();
      await database.drop();
    },
  };
}
