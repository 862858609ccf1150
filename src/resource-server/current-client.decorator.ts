import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from './request-of.js';
import type { VerifiedToken } from './token-verifier.js';

/** On the request itself, where nobody meets it by chance; a WeakMap would cost more than the rest. */
const CALLER = Symbol('postern:caller');

interface GuardedRequest {
  [CALLER]?: VerifiedToken;
}

/**
 * Remembers for a request whose token it carries. For the guard alone.
 *
 * @returns true: that one may come in
 */
export function rememberCaller(request: object, caller: VerifiedToken): true {
  (request as GuardedRequest)[CALLER] = caller;
  return true;
}

/**
 * The client that calls a guarded handler, for a decorator of one's own.
 *
 * @throws an Error on a handler that is `@Public()`: nobody was asked who they are there
 */
export function callerOf(context: ExecutionContext): VerifiedToken {
  const caller = (requestOf(context) as GuardedRequest)[CALLER];
  if (caller !== undefined) return caller;
  const handler = `${context.getClass().name}.${context.getHandler().name}`;
  throw new Error(`${handler} asks who calls, but no token guards it: put @Scopes() on it.`);
}

/**
 * The client that calls a guarded handler, with the scopes of its token.
 *
 * ```ts
 * list(@CurrentClient() client: VerifiedToken) {}
 * ```
 *
 * @throws an Error on a handler that is `@Public()`
 */
export const CurrentClient = createParamDecorator(
  (_data: unknown, context: ExecutionContext): VerifiedToken => callerOf(context),
);
