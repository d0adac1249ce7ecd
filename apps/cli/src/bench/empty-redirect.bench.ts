import { exitWithParent } from '@lib/observability';
import { fastify } from 'fastify';

/** The baseline of `bench redirect`: a server that does nothing but answer 302, on the port that it is called with. */
exitWithParent();
const server = fastify({ logger: false });
server.get('/health/ready', () => 'ready');
server.get('/r/*', (_request, reply) =>
  reply
    .status(302)
    .header('location', 'https://cdn.example/1.mp3')
    .header('cache-control', 'no-store')
    .send(),
);
await server.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
