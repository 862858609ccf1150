import { assertDeclarable, ScopeDeclarationError } from './scope-declaration.js';

const builtIn = { name: 'read', description: 'Read access', builtIn: true, declaredBy: null };
const made = { name: 'orders:read', description: 'Orders', builtIn: false, declaredBy: null };
const declares = (declaredBy: string, name: string, description = 'What it is for') => ({
  name,
  description,
  declaredBy,
});

function faultsOf(declarations: ReturnType<typeof declares>[]): string[] {
  try {
    assertDeclarable(declarations, [builtIn, made]);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ScopeDeclarationError);
    return (error as Error).message.split('\n');
  }
}

describe('the scopes that modules declare', () => {
  it('may be new, or made by an administrator before', () => {
    expect(
      faultsOf([declares('InvoicesModule', 'invoices:read'), declares('OrdersModule', made.name)]),
    ).toEqual([]);
  });

  it.each([
    ['a name with a blank', declares('A', 'two words'), /A declares .*"two words".*RFC 6749/],
    ['a name with a line break', declares('A', 'a\nb'), /A declares the scope "a\\nb"/],
    ['no description', declares('A', 'a', ' '), /A declares .*"a": describe it/],
    ['a built-in scope', declares('A', 'read'), /A declares .*"read", which is built in/],
  ])('may not have %s', (_what, declaration, line) => {
    expect(faultsOf([declaration])).toEqual([expect.stringMatching(line)]);
  });

  it('may not have two homes', () => {
    expect(faultsOf([declares('A', 'a'), declares('B', 'a')])).toEqual([
      'B declares the scope "a", as A does: leave it to one of them.',
    ]);
  });

  it('are all told of at once, a line for each', () => {
    const faults = faultsOf([declares('A', 'read'), declares('A', 'fine'), declares('B', '')]);
    expect(faults).toEqual([expect.stringContaining('"read"'), expect.stringContaining('""')]);
  });
});
