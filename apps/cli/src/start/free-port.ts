import { createServer, type AddressInfo } from 'node:net';
import { CommandFailed } from '../command.errors.js';

/**
 * Makes sure that a port can be listened on, and returns it; for port 0, one that the system chose.
 * @throws CommandFailed naming the variable that sets it
 */
export function freePort(variable: 'PORT' | 'WORKER_PORT', port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new CommandFailed(explain(variable, port, address, error))),
    );
    probe.listen({ port, host: address, exclusive: true }, () => {
      const chosen = (probe.address() as AddressInfo).port;
      probe.close(() => resolve(chosen));
    });
  });
}

function explain(variable: string, port: number, address: string, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use by another program. Stop it, or choose another port: ${variable}=${port + 10} npm start`;
    case 'EACCES':
      return `This user may not listen on port ${port}. Choose one above 1023 with ${variable}.`;
    default:
      return `${variable}: cannot listen on ${address}:${port}: ${error.message}`;
  }
}
