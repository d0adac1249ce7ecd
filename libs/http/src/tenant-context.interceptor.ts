import {
  applyDecorators,
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiUnprocessableEntityResponse } from '@nestjs/swagger';
import { Settings } from '@lib/config';
import { TenantDb } from '@lib/database';
import { defer, from, lastValueFrom, type Observable } from 'rxjs';
import type { AuthenticatedRequest } from './access.js';
import { problemResponse } from './problem.dto.js';
import { queryTooSlow, wasTooSlow } from './query-too-slow.js';

const TRANSACTION = 'podcast:transaction';
type TransactionMode = 'own' | 'replica';

/** The route opens its own transactions: it waits for the network, or writes in steps. */
export const OwnTransactions = () => SetMetadata(TRANSACTION, 'own' satisfies TransactionMode);

/**
 * The route only reads, tolerates a lagging copy and says how fresh its answer is. Its statements have
 * METRICS_STATEMENT_TIMEOUT_MS; a question that takes longer is refused with `query_too_slow` (422).
 */
export const ReadsReplica = () =>
  applyDecorators(
    SetMetadata(TRANSACTION, 'replica' satisfies TransactionMode),
    ApiUnprocessableEntityResponse(
      problemResponse('The answer would take too long: narrow the question', 422, 'query_too_slow'),
    ),
  );

/**
 * Runs a tenant's request in one transaction of that tenant: committed when the handler resolves, rolled back when it
 * throws. GET and HEAD get a READ ONLY snapshot. A client that hangs up does not stop the handler.
 */
@Injectable()
export class TenantContextInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly db: TenantDb,
    private readonly settings: Settings,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const mode = this.reflector.getAllAndOverride<TransactionMode | undefined>(TRANSACTION, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { principal } = request;
    if (principal?.kind !== 'tenant' || mode === 'own') return next.handle();
    const work = () => lastValueFrom(next.handle(), { defaultValue: undefined });
    if (mode === 'replica') return defer(() => from(this.ask(principal.tenantId, work)));
    const readOnly = request.method === 'GET' || request.method === 'HEAD';
    return defer(() => from(this.db.run(principal.tenantId, work, { readOnly })));
  }

  /** Answers a question about metrics, from a replica where there is one. @throws DomainError `query_too_slow` (422) */
  private async ask(tenantId: string, work: () => Promise<unknown>): Promise<unknown> {
    const limitMs = this.settings.metricsStatementTimeoutMs;
    try {
      return await this.db.run(tenantId, work, {
        readOnly: true,
        replica: true,
        statementTimeoutMs: limitMs,
      });
    } catch (error) {
      throw wasTooSlow(error) ? queryTooSlow(limitMs) : error;
    }
  }
}
