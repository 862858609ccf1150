import type { Scope } from '../domain/scope.js';
import type { ScopeDto } from './dto/scope.dto.js';

/** Shows a scope. */
export function toScopeDto({ name, description, builtIn, declaredBy }: Scope): ScopeDto {
  return { scope: name, description, built_in: builtIn, declared_by: declaredBy };
}

/** The path of a scope, whatever is in its name. */
export function scopePath(name: string): string {
  return `/scopes/${encodeURIComponent(name)}`;
}
