/** HTTP in general: who may call, one transaction a request, problem details, cursors. */
export { Access, ACCESS, Caller, type AccessRule, type AuthenticatedRequest } from './access.js';
export { AccessGuard, allows } from './access.guard.js';
export { CursorCodec } from './cursor.js';
export { IsStorableText } from './is-storable-text.js';
export {
  AUTHENTICATOR,
  SCOPES,
  type Authenticator,
  type PlatformPrincipal,
  type Principal,
  type Scope,
  type TenantPrincipal,
} from './principal.js';
export { ProblemDto, problemResponse } from './problem.dto.js';
export { describe as describeProblem, ProblemFilter, retryDelay } from './problem.filter.js';
export { OwnTransactions, ReadsReplica, TenantContextInterceptor } from './tenant-context.interceptor.js';
export { InputInvalid, inputValidation } from './validation.js';
export { undeclaredRoutes } from './undeclared-routes.js';
