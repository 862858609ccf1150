import type { AccessRule, GuardedHandler } from '../../resource-server/index.js';

/** Stops the start-up: a handler that nobody can call, for no client can have what it asks for. */
export class UnknownScopeError extends Error {
  override readonly name = 'UnknownScopeError';

  constructor(handlers: readonly GuardedHandler[], known: ReadonlySet<string>) {
    super(handlers.map((handler) => sentence(handler, unknownScopes(handler, known))).join('\n'));
  }
}

/**
 * Checks that every scope that a rule names is there: a misspelt one would shut everybody out,
 * and nobody would learn why.
 *
 * @param known the scopes of the catalogue
 * @throws UnknownScopeError that names every handler at fault, one a line
 */
export function assertScopesKnown(
  handlers: readonly GuardedHandler[],
  known: ReadonlySet<string>,
): void {
  const faulty = handlers.filter((handler) => unknownScopes(handler, known).length > 0);
  if (faulty.length > 0) throw new UnknownScopeError(faulty, known);
}

/** The scopes that a rule names. */
export function scopesOf(rule: AccessRule | undefined): readonly string[] {
  return rule !== undefined && 'scopes' in rule ? rule.scopes : [];
}

function unknownScopes({ rule }: GuardedHandler, known: ReadonlySet<string>): string[] {
  return scopesOf(rule).filter((scope) => !known.has(scope));
}

function sentence({ name, method, path }: GuardedHandler, unknown: readonly string[]): string {
  const one = unknown.length === 1;
  return (
    `${name} (${method} ${path}) needs the ${one ? 'scope' : 'scopes'} ${unknown.join(', ')}, ` +
    `which ${one ? 'does' : 'do'} not exist: declare ${one ? 'it' : 'them'} with ` +
    `ScopesModule.forFeature({ '${unknown[0]}': '…' }) in the module, or create ${one ? 'it' : 'them'} at /scopes/.`
  );
}
