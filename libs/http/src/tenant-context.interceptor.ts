import {
  Injectable,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { TenantDb } from '@lib/database';
import { defer, from, lastValueFrom, type Observable } from 'rxjs';
import type { AuthenticatedRequest } from './access.js';

const TRANSACTION = 'podcast:transaction';
type TransactionMode = 'own' | 'replica';

/** The route opens its own transactions: it waits for the network, or writes in steps. */
export const OwnTransactions = () => SetMetadata(TRANSACTION, 'own' satisfies TransactionMode);

/** The route only reads, tolerates a lagging copy and says how fresh its answer is. */
export const ReadsReplica = () => SetMetadata(TRANSACTION, 'replica' satisfies TransactionMode);

/**
 * Runs a tenant's request in one transaction of that tenant: committed when the handler resolves, rolled back when it
 * throws. GET and HEAD get a READ ONLY snapshot. A client that hangs up does not stop the handler.
 */
@Injectable()
export class TenantContextInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly db: TenantDb,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const mode = this.reflector.getAllAndOverride<TransactionMode | undefined>(TRANSACTION, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { principal } = request;
    if (principal?.kind !== 'tenant' || mode === 'own') return next.handle();
    const readOnly = request.method === 'GET' || request.method === 'HEAD';
    return defer(() =>
      from(
        this.db.run(principal.tenantId, () => lastValueFrom(next.handle(), { defaultValue: undefined }), {
          readOnly,
          replica: mode === 'replica',
        }),
      ),
    );
  }
}
