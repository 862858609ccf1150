import type { AccessRule } from '../resource-server/index.js';
import { toAccessRuleListDto } from './access-rule.presenter.js';

const handler = (method: string, path: string, rule: AccessRule | undefined) => ({
  name: 'A.a',
  method,
  path,
  rule,
});

describe('the list of access rules', () => {
  it('shows a rule with its scopes, a parameter as OpenAPI has it, and a slash at the end', () => {
    const rule: AccessRule = { kind: 'any_scope', scopes: ['b', 'a'] };
    expect(toAccessRuleListDto([handler('GET', '/a/:a_id/b/*rest', rule)]).items).toEqual([
      {
        method: 'GET',
        path: '/a/{a_id}/b/{rest}/',
        rule: 'any_scope',
        scopes: ['b', 'a'],
        handler: 'A.a',
      },
    ]);
  });

  it('is sorted by path, then by method', () => {
    const rule: AccessRule = { kind: 'public' };
    const places = [
      ['POST', '/b/'],
      ['GET', '/b/'],
      ['GET', '/b/:id'],
      ['GET', '/B/'],
      ['POST', '/a/'],
    ] as const;
    const { items } = toAccessRuleListDto(
      places.map(([method, path]) => handler(method, path, rule)),
    );
    expect(items.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /B/',
      'POST /a/',
      'GET /b/',
      'POST /b/',
      'GET /b/{id}/',
    ]);
  });
});
