import {
  isScopeDescription,
  isScopeName,
  LONGEST_SCOPE_DESCRIPTION,
  LONGEST_SCOPE_NAME,
  type NewScope,
  type Scope,
} from './scope.js';

/** A scope that a module brings with it. */
export interface ScopeDeclaration extends NewScope {
  /** The class name of the module. */
  readonly declaredBy: string;
}

/** Stops the start-up: a module declares what can not be a scope of its own. */
export class ScopeDeclarationError extends Error {
  override readonly name = 'ScopeDeclarationError';

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

/**
 * Checks what the modules declare.
 *
 * @param existing what is in the catalogue
 * @throws ScopeDeclarationError with a line for each fault
 */
export function assertDeclarable(
  declarations: readonly ScopeDeclaration[],
  existing: readonly Scope[],
): void {
  const builtIn = new Set(existing.filter((scope) => scope.builtIn).map(({ name }) => name));
  const declaredBy = new Map<string, string>();
  const faults: string[] = [];
  for (const declaration of declarations) {
    const fault = faultOf(declaration, builtIn, declaredBy.get(declaration.name));
    if (fault !== undefined) faults.push(fault);
    else declaredBy.set(declaration.name, declaration.declaredBy);
  }
  if (faults.length > 0) throw new ScopeDeclarationError(faults);
}

function faultOf(
  { name, description, declaredBy }: ScopeDeclaration,
  builtIn: ReadonlySet<string>,
  other: string | undefined,
): string | undefined {
  const what = `${declaredBy} declares the scope ${JSON.stringify(name)}`;
  if (!isScopeName(name)) {
    return `${what}: a name has 1 to ${LONGEST_SCOPE_NAME} printable ASCII characters, no blank, " or \\ among them (RFC 6749 §3.3).`;
  }
  if (!isScopeDescription(description)) {
    return `${what}: describe it in one line of 1 to ${LONGEST_SCOPE_DESCRIPTION} characters.`;
  }
  if (builtIn.has(name)) return `${what}, which is built in: leave it out.`;
  if (other !== undefined) return `${what}, as ${other} does: leave it to one of them.`;
  return undefined;
}
