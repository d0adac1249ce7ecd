import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { readSettings } from '@lib/config';
import { projectRoot } from '@lib/database';
import { createLogger } from '@lib/observability';
import { ApiModule } from './api.module.js';
import { openApiDocument } from './open-api.js';

/**
 * Writes the OpenAPI document to `apps/api/openapi.json`; with `--check` only compares and fails on a difference.
 * Nothing is connected to: modules are read, not started.
 */
const settings = readSettings({
  DATABASE_URL: 'postgresql://nobody@localhost/none',
  API_KEY_PEPPER: 'x'.repeat(32),
  PRIVACY_MASTER_KEY: Buffer.alloc(32).toString('base64'),
});
const app = await NestFactory.create<NestFastifyApplication>(
  ApiModule.register(settings, createLogger('silent')),
  new FastifyAdapter(),
  { preview: true, logger: false },
);
const path = join(projectRoot(), 'apps', 'api', 'openapi.json');
const fresh = `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
if (!process.argv.includes('--check')) await writeFile(path, fresh);
else if ((await readFile(path, 'utf8')) !== fresh) {
  process.stderr.write('apps/api/openapi.json is out of date: run npm run openapi and commit the result\n');
  process.exitCode = 1;
}
