import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { hasQueryParameter, presentedToken, singleAuthorization } from './bearer-token.js';
import { MalformedRequestError } from './malformed-request.js';

const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
const CANARY = 'c4n4ry';

function refusal(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof MalformedRequestError) return error.message;
    throw error;
  }
}

describe('the token of a request', () => {
  it.each<[string, string[], string, ReturnType<typeof presentedToken>]>([
    ['no header', [], '/', { kind: 'none' }],
    ['a header of another name', ['Authentication', 'Bearer abc'], '/', { kind: 'none' }],
    ['another scheme', ['Authorization', 'Basic abc'], '/', { kind: 'none' }],
    ['a scheme that begins alike', ['Authorization', 'BearerX abc'], '/', { kind: 'none' }],
    ['an empty header', ['Authorization', ''], '/', { kind: 'none' }],
    ['a token in the query alone', [], '/?access_token=abc', { kind: 'none' }],
    [
      'a token in the query beside another scheme',
      ['Authorization', 'Basic abc'],
      '/?access_token=abc',
      { kind: 'none' },
    ],
    ['a token', ['Authorization', 'Bearer abc'], '/', { kind: 'token', token: 'abc' }],
    ['a scheme in capitals', ['Authorization', 'BEARER abc'], '/', { kind: 'token', token: 'abc' }],
    [
      'a header in small letters',
      ['authorization', 'bearer abc'],
      '/',
      { kind: 'token', token: 'abc' },
    ],
    ['more blanks', ['Authorization', 'Bearer   abc '], '/', { kind: 'token', token: 'abc' }],
    [
      'all letters of b64token',
      ['Authorization', 'Bearer aZ0-._~+/=='],
      '/',
      { kind: 'token', token: 'aZ0-._~+/==' },
    ],
    ['no token behind the scheme', ['Authorization', 'Bearer'], '/', { kind: 'malformed' }],
    ['blanks behind the scheme', ['Authorization', 'Bearer  '], '/', { kind: 'malformed' }],
    ['two words', ['Authorization', 'Bearer Bearer abc'], '/', { kind: 'malformed' }],
    ['a quoted token', ['Authorization', 'Bearer "abc"'], '/', { kind: 'malformed' }],
    ['padding alone', ['Authorization', 'Bearer =='], '/', { kind: 'malformed' }],
    ['padding in the middle', ['Authorization', 'Bearer a=b'], '/', { kind: 'malformed' }],
    ['letters outside ASCII', ['Authorization', 'Bearer ä'], '/', { kind: 'malformed' }],
    [
      'the longest token',
      ['Authorization', `Bearer ${'a'.repeat(8192)}`],
      '/',
      { kind: 'token', token: 'a'.repeat(8192) },
    ],
    [
      'one letter more',
      ['Authorization', `Bearer ${'a'.repeat(8193)}`],
      '/',
      { kind: 'malformed' },
    ],
  ])('with %s is found as the header says', (_what, rawHeaders, target, presented) => {
    expect(presentedToken(rawHeaders, target)).toEqual(presented);
  });

  it.each<[string, string[], string, RegExp]>([
    [
      'two headers',
      ['Authorization', CANARY, 'Host', 'x', 'authorization', CANARY],
      '/',
      /two Authorization/,
    ],
    [
      'the same header twice',
      ['Authorization', CANARY, 'Authorization', CANARY],
      '/',
      /two Authorization/,
    ],
    [
      'an empty second header',
      ['Authorization', 'Bearer a', 'AUTHORIZATION', ''],
      '/',
      /two Authorization/,
    ],
    ['a token in both places', ['Authorization', `Bearer ${CANARY}`], '/?access_token=a', /twice/],
    [
      'an escaped name in the query',
      ['Authorization', 'Bearer a'],
      `/?x=1&access%5Ftoken=${CANARY}`,
      /twice/,
    ],
    [
      'a malformed token and one in the query',
      ['Authorization', 'Bearer'],
      '/?access_token=a',
      /twice/,
    ],
  ])('with %s is refused in words of its own', (_what, rawHeaders, target, told) => {
    const message = refusal(() => presentedToken(rawHeaders, target));
    expect(message).toMatch(told);
    expect(message).toMatch(DESCRIPTION);
    expect(message).not.toContain(CANARY);
  });

  it('is given back whole, or is malformed: never cut, never mended', () => {
    const tokenlike = fc.string({ unit: fc.constantFrom(...'aZ0-._~+/= "\\é'.split('')) });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), tokenlike), (sent) => {
        const presented = presentedToken(['Authorization', `Bearer ${sent}`], '/');
        const isToken = /^[A-Za-z0-9\-._~+/]+=*$/.test(sent.trim());
        return presented.kind === 'token'
          ? isToken && presented.token === sent.trim()
          : !isToken && presented.kind === 'malformed';
      }),
      { numRuns: 8000 },
    );
  });

  it('is looked for in any headers and any target without a fault of the parser’s own', () => {
    const name = fc.oneof(fc.constantFrom('Authorization', 'authorization'), fc.string());
    const headers = fc
      .array(fc.tuple(name, fc.string({ unit: 'binary' })))
      .map((pairs) => pairs.flat());
    const sentences = new Set<string>();
    fc.assert(
      fc.property(headers, fc.string({ unit: 'binary' }), (rawHeaders, target) => {
        const message = refusal(() => presentedToken(rawHeaders, `/?${target}`));
        if (message !== undefined) sentences.add(message);
      }),
      { numRuns: 8000 },
    );
    expect([...sentences]).toEqual([expect.stringMatching(/two Authorization/)]);
  });
});

describe('the one Authorization header', () => {
  it('is found wherever it stands', () => {
    expect(singleAuthorization(['Host', 'a', 'AUTHORIZATION', 'b', 'X', 'c'])).toBe('b');
  });

  it('is not the value of another header', () => {
    expect(singleAuthorization(['X', 'authorization', 'Y', 'authorization'])).toBeUndefined();
  });

  it('that lost its value is empty', () => {
    expect(singleAuthorization(['Authorization'])).toBe('');
  });
});

describe('a parameter of the query', () => {
  it.each(['/?a=1', '/?b=2&a=1', '/?%61=1', '/?b=?&a=1', '?a=1', '/?a=&a=1'])(
    'is there in %s',
    (target) => {
      expect(hasQueryParameter(target, 'a')).toBe(true);
    },
  );

  it.each([
    '/',
    '/a',
    '/?',
    '/?a',
    '/?a=',
    '/?A=1',
    '/?b=a',
    '/?aa=1',
    '/a=1',
    '/?b=%26a=1',
    '/?%2561=1',
  ])('is not there in %s', (target) => {
    expect(hasQueryParameter(target, 'a')).toBe(false);
  });

  it('is found under whatever name URLSearchParams wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const query = new URLSearchParams([
          ['x', '1'],
          [name, '2'],
        ]).toString();
        expect(hasQueryParameter(`/path?${query}`, name)).toBe(true);
        expect(hasQueryParameter(`/path?${query}`, `${name}-`)).toBe(false);
      }),
    );
  });
});
