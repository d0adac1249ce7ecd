import { allows, credentialOf } from './access.guard.js';
import type { AccessRule, AuthenticatedRequest } from './access.js';
import type { Authenticator } from './principal.js';

/**
 * Whether the credential of a request that was let in would be let in now: for answers that take long, since a key can be
 * revoked and a tenant suspended meanwhile. Throws what the authenticator throws when it cannot tell.
 */
export async function stillAllowed(
  authenticator: Authenticator,
  request: AuthenticatedRequest,
  rule: AccessRule,
): Promise<boolean> {
  const { credential = '' } = credentialOf(request);
  const principal = await authenticator.authenticate(credential);
  return principal !== undefined && principal.kind !== 'ended' && allows(rule, principal);
}
