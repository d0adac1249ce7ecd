import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiExtension, ApiForbiddenResponse, ApiSecurity, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { EndedKey, Principal, Scope, TenantPrincipal } from './principal.js';
import { problemResponse } from './problem.dto.js';

/** Who may call a route: a tenant's key with a scope, a platform key, or anyone. */
export type AccessRule = Scope | 'platform' | 'public';

export const ACCESS = 'podcast:access';

/** A request after the guard has run. */
export type AuthenticatedRequest = FastifyRequest & {
  /** Who is calling; only where the call is allowed. */
  principal?: Principal;
  /** The key that the call came with, allowed or not: for the log. Only where its secret was right. */
  recognised?: Principal | EndedKey;
};

/**
 * Declares who may call a route or a whole controller. A route without it does not start: see `AccessGuard`.
 * Also writes the rule into the OpenAPI document.
 */
export function Access(rule: AccessRule): ClassDecorator & MethodDecorator {
  const documented =
    rule === 'public'
      ? []
      : [
          ApiSecurity(rule === 'platform' ? 'platformKey' : 'tenantKey'),
          ApiUnauthorizedResponse(
            problemResponse('No credential, or one that proves nothing', 401, 'unauthenticated'),
          ),
          ApiForbiddenResponse(problemResponse('The credential does not allow this', 403, 'forbidden')),
        ];
  return applyDecorators(SetMetadata(ACCESS, rule), ApiExtension('x-access', rule), ...documented);
}

/** The tenant's principal of a route that asks for a tenant's scope. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): TenantPrincipal => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (principal?.kind !== 'tenant') throw new Error('@Caller needs a route with a tenant scope');
  return principal;
});
