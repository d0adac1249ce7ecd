import { Injectable, type LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { Counter } from 'prom-client';

/** How much of the log may wait for its reader. */
const UNREAD_BYTES = 4_194_304;

const dropped = new Counter({
  name: 'log_lines_dropped_total',
  help: 'Lines of the log that were lost because nobody read it, or not fast enough.',
});

/** Token of the process's pino logger. */
export const LOGGER = Symbol('LOGGER');

/**
 * One JSON line an event, on standard output. Bodies, headers, addresses and user agents are never logged; a request and a
 * tenant are named by their ids, a key by its public id. Where nobody reads the output any more, lines are lost and the
 * process goes on.
 */
export function createLogger(level: string): Logger {
  process.stdout.off('error', ignore).on('error', ignore);
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Fastify hands over whole requests and replies: they hold addresses, headers and paths.
      serializers: { req: () => undefined, res: () => undefined, err: describeError },
    },
    // Not pino's own stream: at exit that one tries for ever to write what a reader that died has left.
    { write: writeWhileRead },
  );
}

/** A reader that stands still would otherwise let the lines pile up in memory. */
function writeWhileRead(line: string): void {
  const { stdout } = process;
  if (stdout.writable && stdout.writableLength < UNREAD_BYTES) stdout.write(line);
  else dropped.inc();
}

function ignore(): void {
  // Without a listener, the error of an output that nobody reads would end the process.
}

/** What may be logged of an error: no parameters and no row contents, which PostgreSQL puts into `detail`. */
export function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
  };
}

/** Lets the framework log through pino. */
@Injectable()
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.findLast((part) => typeof part === 'string');
    if (message instanceof Error) this.logger[level]({ err: message, context }, message.message);
    else this.logger[level]({ context }, typeof message === 'string' ? message : JSON.stringify(message));
  }
}
