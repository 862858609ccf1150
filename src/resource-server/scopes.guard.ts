import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { KnownAccessRules, type AccessRule } from './access-rule.js';
import { rememberCaller } from './current-client.decorator.js';
import { PUBLIC_CONTROLLERS, type ResourceServerExtras } from './resource-server.options.js';
import { requestOf } from './request-of.js';
import { TokenGate } from './token-gate.js';
import { isPending } from './token-verifier.js';

/**
 * Enforces the access rule of every handler (RFC 6750 §2.1, §3). Global, and before any body is
 * read: who may not call learns nothing of what a call would need.
 */
@Injectable()
export class ScopesGuard implements CanActivate {
  private readonly rules: KnownAccessRules;

  constructor(
    private readonly gate: TokenGate,
    @Inject(PUBLIC_CONTROLLERS)
    private readonly publicControllers: NonNullable<ResourceServerExtras['publicControllers']>,
    reflector: Reflector,
  ) {
    this.rules = new KnownAccessRules(reflector);
  }

  /**
   * @returns true, at once for a public handler; false never
   * @throws DomainError as {@link TokenGate.admit}
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.rules.of(context);
    if (rule === undefined) return this.withoutRule(context);
    if (rule.kind === 'public' || rule.kind === 'client') return true;
    return this.admit(requestOf(context), rule);
  }

  /** The start-up check lets no such handler through; should one appear later, it stays shut. */
  private withoutRule(context: ExecutionContext): boolean {
    if (this.publicControllers.includes(context.getClass())) return true;
    throw new Error(`${context.getClass().name}.${context.getHandler().name} has no access rule`);
  }

  private admit(request: Request, rule: AccessRule): boolean | Promise<boolean> {
    const caller = this.gate.admit(request, rule);
    if (isPending(caller)) return caller.then((later) => rememberCaller(request, later));
    return rememberCaller(request, caller);
  }
}
