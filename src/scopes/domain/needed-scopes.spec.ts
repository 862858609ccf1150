import type { AccessRule } from '../../resource-server/index.js';
import { assertScopesKnown, UnknownScopeError } from './needed-scopes.js';

const known = new Set(['read', 'write']);
const handler = (name: string, rule: AccessRule) => ({ name, method: 'GET', path: '/a/', rule });
const check = (...handlers: ReturnType<typeof handler>[]) => assertScopesKnown(handlers, known);

describe('the scopes that rules name', () => {
  it('may be those of the catalogue, or none', () => {
    expect(() =>
      check(
        handler('A.a', { kind: 'scopes', scopes: ['read', 'write'] }),
        handler('A.b', { kind: 'any_scope', scopes: ['write'] }),
        handler('A.c', { kind: 'authenticated' }),
        handler('A.d', { kind: 'public' }),
        handler('A.e', { kind: 'client' }),
      ),
    ).not.toThrow();
  });

  it('may not be others: each handler is named, with the scopes and the remedies', () => {
    const failing = () =>
      check(
        handler('A.a', { kind: 'scopes', scopes: ['read', 'raed'] }),
        handler('A.b', { kind: 'scopes', scopes: ['read'] }),
        handler('A.c', { kind: 'any_scope', scopes: ['one', 'write', 'two'] }),
      );
    expect(failing).toThrow(UnknownScopeError);
    expect(failing).toThrow(
      "A.a (GET /a/) needs the scope raed, which does not exist: declare it with ScopesModule.forFeature({ 'raed': '…' }) in the module, or create it at /scopes/.\n" +
        "A.c (GET /a/) needs the scopes one, two, which do not exist: declare them with ScopesModule.forFeature({ 'one': '…' }) in the module, or create them at /scopes/.",
    );
  });
});
