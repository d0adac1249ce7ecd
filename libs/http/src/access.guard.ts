import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { DomainError } from '@lib/primitives';
import { ACCESS, type AccessRule, type AuthenticatedRequest } from './access.js';
import { AUTHENTICATOR, type Authenticator, type Principal } from './principal.js';

/**
 * Decides every request; denies what is not declared.
 *
 * Reads `Authorization: Bearer …` only. A secret in the query string is refused; a public ingest token may come as
 * `?token=` because players cannot always set headers.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (rule === 'public') return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const principal = await this.prove(request);
    if (rule === undefined || !allows(rule, principal)) {
      throw new DomainError(
        'forbidden',
        403,
        `This credential may not call a route that asks for '${rule ?? 'nobody'}'.`,
      );
    }
    request.principal = principal;
    return true;
  }

  private async prove(request: AuthenticatedRequest): Promise<Principal> {
    const { credential, inQuery } = credentialOf(request);
    if (credential === undefined) {
      throw new DomainError('unauthenticated', 401, 'Send a key as "Authorization: Bearer <key>".');
    }
    const recognised = await this.authenticator.authenticate(credential);
    if (recognised !== undefined) request.recognised = recognised;
    if (recognised === undefined || recognised.kind === 'ended' || (inQuery && !isIngestToken(recognised))) {
      throw new DomainError(
        'unauthenticated',
        401,
        'The key is unknown, expired, revoked or not allowed here.',
      );
    }
    return recognised;
  }
}

function isIngestToken(principal: Principal): boolean {
  return principal.kind === 'tenant' && principal.ingestToken;
}

/** Whether `principal` satisfies `rule`. Platform keys and tenant keys never stand in for each other. */
export function allows(rule: AccessRule, principal: Principal): boolean {
  if (rule === 'public') return true;
  if (rule === 'platform') return principal.kind === 'platform';
  if (principal.kind !== 'tenant') return false;
  return principal.scopes.includes(rule) || principal.scopes.includes('admin');
}

/** The credential that a request came with: in its header, or else in its query. */
export function credentialOf(request: AuthenticatedRequest): {
  credential: string | undefined;
  inQuery: boolean;
} {
  const header = request.headers.authorization;
  const bearer = header === undefined ? undefined : /^Bearer ([\x21-\x7e]{1,200})$/i.exec(header)?.[1];
  if (header !== undefined) return { credential: bearer, inQuery: false };
  const { token } = request.query as { token?: unknown };
  return typeof token === 'string' && token.length <= 200
    ? { credential: token, inQuery: true }
    : { credential: undefined, inQuery: false };
}
