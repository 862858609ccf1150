import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { formatScope, isScopeToken, parseScope } from './scope.js';

const name = fc.string({ unit: 'grapheme-ascii', minLength: 1 }).filter(isScopeToken);
const names = fc.uniqueArray(name);

describe('a scope list', () => {
  it.each<[string, string, string[]]>([
    ['nothing', '', []],
    ['blanks alone', '   ', []],
    ['one name', 'read', ['read']],
    ['names in any order', 'write read', ['write', 'read']],
    ['stray blanks', '  read   write ', ['read', 'write']],
    ['a repeat', 'read write read', ['read', 'write']],
    ['names that differ in case', 'read Read', ['read', 'Read']],
    ['a comma, which is a letter of a name', 'read,write', ['read,write']],
    ['inherited names', '__proto__ constructor', ['__proto__', 'constructor']],
  ])('of %s is read as its names', (_what, text, read) => {
    expect(parseScope(text)).toEqual(read);
  });

  it('is read back as it was written, whatever the names', () => {
    fc.assert(
      fc.property(names, (written) => {
        expect(parseScope(formatScope(written))).toEqual(written);
      }),
    );
  });

  it('has no empty, blank or repeated name, whatever the text', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t') }));
    fc.assert(
      fc.property(text, (written) => {
        const read = parseScope(written);
        const again = parseScope(formatScope(read));
        return (
          new Set(read).size === read.length &&
          read.every((one) => one !== '' && !one.includes(' ') && written.includes(one)) &&
          read.every((one, index) => one === again[index])
        );
      }),
      { numRuns: 100_000 },
    );
  });

  it('as long as a body may be is read in no time', () => {
    const start = performance.now();
    expect(parseScope('a '.repeat(8000))).toEqual(['a']);
    expect(parseScope(Array.from({ length: 8000 }, (_, index) => index).join(' '))).toHaveLength(
      8000,
    );
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('a scope name', () => {
  it.each([
    'read',
    'invoices:read',
    'https://example.com/a?b#c',
    '!',
    '~',
    '#',
    '[',
    ']',
    '%20',
    ',',
  ])('may be "%s"', (text) => {
    expect(isScopeToken(text)).toBe(true);
  });

  it.each(['', ' ', 'a b', 'a"', 'a\\b', 'a\n', '\u007f', 'é', '😀', 'a\u00a0b'])(
    'may not be %j',
    (text) => {
      expect(isScopeToken(text)).toBe(false);
    },
  );

  it('has the letters of RFC 6749 §3.3 and no others', () => {
    const taken = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code)).filter(
      isScopeToken,
    );
    const printable = Array.from({ length: 0x7e - 0x20 }, (_, index) =>
      String.fromCharCode(0x21 + index),
    );
    expect(taken).toEqual(printable.filter((letter) => letter !== '"' && letter !== '\\'));
  });
});

describe('the name of a scope, whatever the text', () => {
  it('is a scope-token by the grammar of RFC 6749 §3.3', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 6 }), (text) => {
        const codes = Array.from({ length: text.length }, (_none, index) => text.charCodeAt(index));
        const fits = codes.every(
          (code) =>
            code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e),
        );
        expect(isScopeToken(text)).toBe(text.length > 0 && fits);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is what a list has between its blanks, in the order of their first mention', () => {
    const lists = fc.array(fc.constantFrom('a', 'b', 'c', 'a:b'), { maxLength: 8 });
    const gap = fc.constantFrom(' ', '  ', '   ');
    fc.assert(
      fc.property(lists, gap, gap, (list, between, around) => {
        const read = parseScope(`${around}${list.join(between)}${around}`);
        expect(read).toEqual(list.filter((one, index) => list.indexOf(one) === index));
      }),
      { numRuns: 5000 },
    );
  });
});
