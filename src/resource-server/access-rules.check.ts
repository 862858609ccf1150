import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccessRules, type GuardedHandler } from './access-rules.js';

/** Stops the start-up: a handler that nobody said who may call. */
export class MissingAccessRuleError extends Error {
  override readonly name = 'MissingAccessRuleError';

  constructor(handlers: readonly GuardedHandler[]) {
    super(
      handlers
        .map(
          ({ name, method, path }) =>
            `${name} (${method} ${path}) has no access rule: put @Scopes('…'), @AnyScope('…'), @Authenticated() or @Public() on it.`,
        )
        .join('\n'),
    );
  }
}

/**
 * Looks at every handler of the application when it starts (OWASP API5: an endpoint that nobody
 * thought to guard). A handler with no rule stops the start-up by name.
 */
@Injectable()
export class AccessRulesCheck implements OnModuleInit {
  constructor(private readonly accessRules: AccessRules) {}

  /** @throws MissingAccessRuleError that names every handler without a rule, one a line */
  onModuleInit(): void {
    const missing = this.accessRules.list().filter(({ rule }) => rule === undefined);
    if (missing.length > 0) throw new MissingAccessRuleError(missing);
  }
}
