import { isScopeToken } from '../../protocol/scope.js';

/** A scope that clients can be given. */
export interface Scope {
  readonly name: string;
  /** What it lets a client do, for those who hand it out. */
  readonly description: string;
  /** Part of the server itself; such a scope can't be removed. */
  readonly builtIn: boolean;
  /** The module whose code brings it; null for one that an administrator made. */
  readonly declaredBy: string | null;
}

/** What of a scope its maker chooses. */
export type NewScope = Pick<Scope, 'name' | 'description'>;

export const LONGEST_SCOPE_NAME = 128;
export const LONGEST_SCOPE_DESCRIPTION = 200;

/** Whoever writes these into a path means the path itself (RFC 3986 §5.2.4), even percent-encoded. */
const DOT_SEGMENTS = ['.', '..'];

/** Whether a value can be the name of a scope (RFC 6749 §3.3) that has a path of its own. */
export function isScopeName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= LONGEST_SCOPE_NAME &&
    isScopeToken(value) &&
    !DOT_SEGMENTS.includes(value)
  );
}

// PostgreSQL refuses NUL and halves of surrogate pairs; line breaks would tear lists and logs apart.
const DESCRIPTION = new RegExp(
  `^(?=.*\\S)[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{1,${LONGEST_SCOPE_DESCRIPTION}}$`,
  'u',
);

/** Whether a value can describe a scope: one line of text that is not blank. */
export function isScopeDescription(value: unknown): value is string {
  return typeof value === 'string' && DESCRIPTION.test(value);
}
