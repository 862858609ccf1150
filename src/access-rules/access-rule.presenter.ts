import type { GuardedHandler } from '../resource-server/index.js';
import type { AccessRuleDto, AccessRuleListDto } from './access-rule.dto.js';

/** Shows the rules of all routes, by path and method. */
export function toAccessRuleListDto(handlers: readonly GuardedHandler[]): AccessRuleListDto {
  const items = handlers.flatMap(toAccessRuleDto);
  return { items: items.toSorted((a, b) => compare(placeOf(a), placeOf(b))) };
}

/** None for a handler without a rule: with such a one the server does not start. */
function toAccessRuleDto({ method, path, rule, name }: GuardedHandler): AccessRuleDto[] {
  if (rule === undefined) return [];
  const scopes = 'scopes' in rule ? [...rule.scopes] : [];
  return [{ method, path: template(path), rule: rule.kind, scopes, handler: name }];
}

/**
 * With Nest's `:id` and `*path` as OpenAPI has them, and always with the slash at the end that
 * every route answers to: some decorators have it, some have not.
 */
function template(path: string): string {
  return `${path.replace(/[:*](\w+)/g, '{$1}')}/`.replace(/\/+$/, '/');
}

function placeOf({ path, method }: AccessRuleDto): string {
  return `${path} ${method}`;
}

/** By code unit, alike on every machine. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
