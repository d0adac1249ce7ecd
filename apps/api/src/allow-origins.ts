import cors, { type FastifyCorsOptions } from '@fastify/cors';
import { isRedirect } from '@lib/ingestion';
import type { FastifyInstance } from 'fastify';

/** Players on any page follow the redirect. It takes no credentials, and there is nothing to read. */
const ANYONE: FastifyCorsOptions = { origin: '*', methods: ['GET', 'HEAD'], credentials: false };

/** Lets browser applications on other origins in: those that are listed, and on the redirect anyone. */
export async function allowOrigins(fastify: FastifyInstance, origins: readonly string[]): Promise<void> {
  const listed: FastifyCorsOptions = { origin: [...origins], credentials: false };
  await fastify.register(cors, {
    delegator: (request, decide) => decide(null, isRedirect(request.originalUrl) ? ANYONE : listed),
  });
}
