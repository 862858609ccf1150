/**
 * The public face of the resource server: what a module that guards its handlers imports, here, and
 * in another service as `postern/resource-server`.
 */
export { DomainError, type ErrorContext } from '../errors/domain-error.js';
export type { ErrorCode } from '../errors/error-catalogue.js';
export {
  access,
  AnyScope,
  Authenticated,
  OAUTH2_SECURITY,
  Public,
  Scopes,
} from './access.decorators.js';
export { ApiProblem } from './api-problem.decorator.js';
export type { AccessRule } from './access-rule.js';
export { AccessRules, type GuardedHandler } from './access-rules.js';
export { MissingAccessRuleError } from './access-rules.check.js';
export { callerOf, CurrentClient } from './current-client.decorator.js';
export { ProblemDto } from './problem.dto.js';
export { ResourceServerModule } from './resource-server.module.js';
export type { ResourceServerExtras, ResourceServerOptions } from './resource-server.options.js';
export { ScopesGuard } from './scopes.guard.js';
export { TokenGate } from './token-gate.js';
export { TokenVerifier, type Awaitable, type VerifiedToken } from './token-verifier.js';
export {
  IntrospectionTokenVerifier,
  type IntrospectionTokenVerifierOptions,
} from './verifiers/introspection-token-verifier.js';
export {
  JwksTokenVerifier,
  type JwksTokenVerifierOptions,
} from './verifiers/jwks-token-verifier.js';
