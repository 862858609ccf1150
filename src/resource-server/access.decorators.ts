import { applyDecorators } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ApiSecurity } from '@nestjs/swagger';
import { ACCESS_RULE, type AccessRule } from './access-rule.js';
import { ApiProblem } from './api-problem.decorator.js';

/** The name of the security scheme in the OpenAPI document. */
export const OAUTH2_SECURITY = 'oauth2';

type AccessDecorator = ClassDecorator & MethodDecorator;

/**
 * Lets a caller in whose token has every scope named.
 *
 * ```ts
 * @Get()
 * @Scopes('read')
 * list() {}
 * ```
 */
export function Scopes(first: string, ...more: string[]): AccessDecorator {
  const scopes = [first, ...more];
  return access(
    { kind: 'scopes', scopes },
    ApiSecurity(OAUTH2_SECURITY, scopes),
    tokenNeeded(),
    scopeNeeded(`the scope ${scopes.join(' and ')}`),
  );
}

/** Lets a caller in whose token has at least one of the scopes named. */
export function AnyScope(first: string, ...more: string[]): AccessDecorator {
  const scopes = [first, ...more];
  return access(
    { kind: 'any_scope', scopes },
    // One requirement for each: OpenAPI reads a list of requirements as alternatives.
    ...scopes.map((scope) => ApiSecurity(OAUTH2_SECURITY, [scope])),
    tokenNeeded(),
    scopeNeeded(`one of the scopes ${scopes.join(', ')}`),
  );
}

/** Lets every caller in who has a live token, whatever its scopes. */
export function Authenticated(): AccessDecorator {
  return access({ kind: 'authenticated' }, ApiSecurity(OAUTH2_SECURITY), tokenNeeded());
}

/** Lets everyone in. To be written out: a handler with no rule stops the start-up. */
export function Public(): AccessDecorator {
  return access({ kind: 'public' });
}

/**
 * Puts a rule and its documentation on a handler, or on each handler of a controller that has no
 * rule of its own. The documentation goes to the handlers, never to the class: there it would add
 * to that of a handler with another rule, and the document would promise what the guard refuses.
 * A handler that a controller inherits is guarded by the controller's rule, but documented only
 * where it is declared again: its function is shared with whatever else inherits it.
 */
export function access(rule: AccessRule, ...documentation: MethodDecorator[]): AccessDecorator {
  const document = applyDecorators(...documentation) as MethodDecorator;
  return (target: object, key?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const handler: unknown = descriptor?.value;
    setRule(typeof handler === 'function' ? handler : target, rule);
    if (key !== undefined && descriptor !== undefined) {
      document(target, key, descriptor);
      return;
    }
    const { prototype } = target as { prototype: object };
    for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (isHandlerWithoutRule(method.value)) document(prototype, name, method);
    }
  };
}

/** @throws an Error where there is a rule already: which of two was meant, nobody can tell */
function setRule(target: object, rule: AccessRule): void {
  if (Reflect.hasOwnMetadata(ACCESS_RULE, target)) {
    throw new Error(`${(target as { name?: string }).name} has two access rules: leave one.`);
  }
  Reflect.defineMetadata(ACCESS_RULE, rule, target);
}

function isHandlerWithoutRule(method: unknown): boolean {
  return (
    typeof method === 'function' &&
    Reflect.hasMetadata(PATH_METADATA, method) &&
    !Reflect.hasMetadata(ACCESS_RULE, method)
  );
}

function tokenNeeded(): MethodDecorator {
  return applyDecorators(
    ApiProblem(400, 'Two `Authorization` headers, or a second token in the query.'),
    ApiProblem(401, 'No token, or one that is not valid: see `WWW-Authenticate`.'),
    ApiProblem(503, 'The token can not be judged at the moment: try again after `Retry-After`.'),
  );
}

function scopeNeeded(what: string): MethodDecorator {
  return ApiProblem(403, `The token lacks ${what}.`);
}
