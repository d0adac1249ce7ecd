/** HTTP in general: who may call, one transaction a request, problem details, cursors. */
export { Access, Caller, type AuthenticatedRequest } from './access.js';
export { AccessGuard } from './access.guard.js';
export { AnswerSerializer } from './answer-serializer.js';
export { CursorCodec } from './cursor.js';
export { IsStorableText } from './is-storable-text.js';
export { IsTimeZone } from './is-time-zone.js';
export {
  AUTHENTICATOR,
  SCOPES,
  type Authenticator,
  type EndedKey,
  type Principal,
  type Scope,
  type TenantPrincipal,
} from './principal.js';
export { ProblemDto, problemResponse } from './problem.dto.js';
export { ProblemFilter, retryDelay } from './problem.filter.js';
export { OwnTransactions, ReadsReplica, TenantContextInterceptor } from './tenant-context.interceptor.js';
export { PageQueryDto } from './page-query.dto.js';
export { readPage, type ListPosition, type Page, type PageRequest } from './page.js';
export { readLink, signLink } from './signed-link.js';
export { inputValidation } from './validation.js';
export { readBodyBytes } from './read-body-bytes.js';
export { readFormFile, type FormFile } from './read-form-file.js';
export { undeclaredRoutes } from './undeclared-routes.js';
export { stillAllowed } from './still-allowed.js';
export { UuidParam } from './uuid-param.js';
