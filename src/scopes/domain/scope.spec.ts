import { isScopeDescription, isScopeName } from './scope.js';

describe('the name of a scope (RFC 6749 §3.3)', () => {
  it.each([
    ['a word', 'read'],
    ['one with a colon', 'invoices:read'],
    ['a URI', 'https://api.example.com/reports?all=1#now'],
    ['all other printable letters', "!#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~"],
    ['dots among others', '..a'],
    ['a name that every object inherits', '__proto__'],
    ['128 characters', 'x'.repeat(128)],
  ])('may be %s', (_what, value) => {
    expect(isScopeName(value)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['129 characters', 'x'.repeat(129)],
    ['two words', 'read write'],
    ['a quotation mark', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a line break at the end', 'read\n'],
    ['a NUL', 'a\0b'],
    ['DEL', 'a\u007f'],
    ['a letter beyond ASCII', 'café'],
    ['half a pair', 'a\ud83d'],
    ['a right-to-left mark', 'a\u200f'],
    ['the path itself', '.'],
    ['the path above', '..'],
    ['a number', 7],
    ['a list', ['read']],
    ['null', null],
  ])('may not be %s', (_what, value) => {
    expect(isScopeName(value)).toBe(false);
  });
});

describe('the description of a scope', () => {
  it.each([
    ['a sentence', 'Read invoices'],
    ['any script', 'فواتير – Größe – 請求書'],
    ['markup, which is text', '<script>alert(1)</script>'],
    ['200 characters of two code units', '😀'.repeat(200)],
  ])('may be %s', (_what, value) => {
    expect(isScopeDescription(value)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['blank', ' \u00a0\u3000'],
    ['201 characters', 'x'.repeat(201)],
    ['a line break', 'a\nb'],
    ['a line separator', 'a\u2028b'],
    ['a NUL', 'a\0b'],
    ['half a pair', 'a\ud83d'],
    ['a number', 7],
    ['null', null],
  ])('may not be %s', (_what, value) => {
    expect(isScopeDescription(value)).toBe(false);
  });
});
