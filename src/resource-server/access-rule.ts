import type { Reflector } from '@nestjs/core';
import type { ExecutionContext, Type } from '@nestjs/common';

/**
 * Who may call a handler. `client` is for the OAuth endpoints, where a guard of their own
 * authenticates the client instead of a token (RFC 6749 §2.3).
 */
export type AccessRule =
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  | { readonly kind: 'any_scope'; readonly scopes: readonly string[] }
  | { readonly kind: 'authenticated' }
  | { readonly kind: 'public' }
  | { readonly kind: 'client' };

/** The metadata key under which a handler or a controller carries its rule. */
export const ACCESS_RULE = 'postern:access-rule';

/** The rule of a handler: its own, else its controller's; undefined where neither has one. */
export function accessRuleOf(
  reflector: Reflector,
  controller: Type,
  handler: ReturnType<ExecutionContext['getHandler']>,
): AccessRule | undefined {
  return reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [handler, controller]);
}

/** The rules of handlers, each looked up once: what the decorators said does not change. */
export class KnownAccessRules {
  private readonly rules = new Map<ReturnType<ExecutionContext['getHandler']>, KnownRule>();

  constructor(private readonly reflector: Reflector) {}

  /** As {@link accessRuleOf}, for the handler that is about to be called. */
  of(context: Pick<ExecutionContext, 'getClass' | 'getHandler'>): AccessRule | undefined {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    const known = this.rules.get(handler);
    if (known?.controller === controller) return known.rule;
    const rule = accessRuleOf(this.reflector, controller, handler);
    this.rules.set(handler, { controller, rule });
    return rule;
  }
}

/** A controller's rule holds for a handler that it inherits, which another may inherit too. */
interface KnownRule {
  readonly controller: Type;
  readonly rule: AccessRule | undefined;
}
