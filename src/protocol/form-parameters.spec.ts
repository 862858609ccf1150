import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseFormParameters, type FormParameters } from './form-parameters.js';
import { MalformedRequestError } from './malformed-request.js';

/** RFC 6749 §5.2. */
const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;
const CANARY = 'c4n4ry';

const text = fc
  .oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
  .filter((candidate) => !/\p{Cc}/u.test(candidate));

/** Bytes that come close to a form, so that most of the parser is reached. */
const formlike = fc
  .array(
    fc.constantFrom(
      '%',
      '&',
      '=',
      '+',
      '%41',
      '%00',
      '%0a',
      '%c3%a9',
      '%c3',
      '%zz',
      'a',
      'é',
      '\n',
    ),
    { maxLength: 8 },
  )
  .map((parts) => new Uint8Array(Buffer.from(parts.join(''))));

function parse(body: string | Uint8Array, repeatable: string[] = []): FormParameters {
  return parseFormParameters(Buffer.from(body), new Set(repeatable));
}

/** The message with which a body is refused; undefined where it is taken. */
function refusal(body: string | Uint8Array): string | undefined {
  try {
    parse(body);
    return undefined;
  } catch (error) {
    if (error instanceof MalformedRequestError) return error.message;
    throw error;
  }
}

describe('a form', () => {
  it.each<[string, string, string | undefined]>([
    ['a plain value', 'a=b', 'b'],
    ['a value with an equals sign', 'a=b=c', 'b=c'],
    ['a plus for a blank', 'a=b+c', 'b c'],
    ['a raw blank', 'a=b c', 'b c'],
    ['an escaped plus', 'a=b%2Bc', 'b+c'],
    ['small hexadecimal digits', 'a=%c3%a9', 'é'],
    ['raw UTF-8', 'a=é', 'é'],
    ['an escaped ampersand', 'a=b%26c=d', 'b&c=d'],
    ['a byte order mark, which is part of the value', 'a=%EF%BB%BFb', '\ufeffb'],
    ['an escaped name', '%61=b', 'b'],
    ['stray separators', '&&a=b&', 'b'],
    ['no value', 'a=', undefined],
    ['a name alone', 'a', undefined],
    ['another name in capitals', 'A=b', undefined],
    ['a name that every object inherits', 'constructor=b', undefined],
  ])('with %s is read as the form says', (_what, body, value) => {
    expect(parse(body).get('a')).toBe(value);
  });

  it('keeps a raw byte order mark at its start apart from the name behind it', () => {
    expect(parse('\ufeffa=b').get('a')).toBeUndefined();
  });

  it('knows nothing that was not sent, inherited names included', () => {
    const form = parse('a=b');
    for (const name of ['constructor', '__proto__', 'toString', '']) {
      expect(form.get(name)).toBeUndefined();
      expect(form.getAll(name)).toEqual([]);
    }
  });

  it.each<[string, string, RegExp]>([
    ['a parameter sent twice', `${CANARY}=1&${CANARY}=2`, /twice/],
    ['a parameter sent twice, once escaped', `a=${CANARY}&%61=${CANARY}`, /twice/],
    ['a parameter sent twice, both times empty', `${CANARY}=&${CANARY}`, /twice/],
    ['an inherited name sent twice', `__proto__=${CANARY}&__proto__=${CANARY}`, /twice/],
    ['a percent sign alone', `a=${CANARY}%`, /percent-encoding/],
    ['an escape cut short', `a=${CANARY}%4`, /percent-encoding/],
    ['an escape of other letters', `a=${CANARY}%zz`, /percent-encoding/],
    ['a broken escape in a name', `${CANARY}%zz=1`, /percent-encoding/],
    ['an escaped byte that is no UTF-8', `a=${CANARY}%ff`, /percent-encoding/],
    ['an overlong NUL', `a=${CANARY}%c0%80`, /percent-encoding/],
    ['an escaped surrogate', `a=${CANARY}%ed%a0%80`, /percent-encoding/],
    ['a NUL', `a=${CANARY}%00`, /control character/],
    ['a raw NUL', `a=${CANARY}\0`, /control character/],
    ['a tab', `a=${CANARY}%09`, /control character/],
    ['DEL', `a=${CANARY}%7f`, /control character/],
    ['a C1 control', `a=${CANARY}%c2%85`, /control character/],
    ['a control character in a name', `${CANARY}%01=1`, /control character/],
    ['a line break within', `a=${CANARY}\nb`, /control character/],
    ['a line break at the end', `a=${CANARY}\n`, /line break/],
    [
      'a line break at the end of a parameter that is not the last',
      `a=${CANARY}\n&b=1`,
      /line break/,
    ],
    ['a Windows line break at the end', `a=${CANARY}\r\n`, /line break/],
  ])('with %s is refused in words of its own', (_what, body, told) => {
    const message = refusal(body);
    expect(message).toMatch(told);
    expect(message).toMatch(DESCRIPTION);
    expect(message).not.toContain(CANARY);
  });

  it('of bytes that are no UTF-8 is refused', () => {
    expect(refusal(new Uint8Array([0x61, 0x3d, 0xff]))).toMatch(/UTF-8/);
    expect(refusal(new Uint8Array([0x61, 0x3d, 0xed, 0xa0, 0x80]))).toMatch(/UTF-8/);
  });

  it('is read back as URLSearchParams wrote it, whatever stands in it', () => {
    const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name });
    fc.assert(
      fc.property(pairs, (written) => {
        const form = parse(new URLSearchParams(written).toString());
        for (const [name, value] of written) expect(form.get(name)).toBe(value || undefined);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives the values of a repeatable parameter in the order sent, without the empty ones', () => {
    fc.assert(
      fc.property(fc.array(text), (values) => {
        const body = new URLSearchParams(values.map((value) => ['resource', value])).toString();
        const form = parse(body, ['resource']);
        expect(form.getAll('resource')).toEqual(values.filter((value) => value !== ''));
        expect(form.get('resource')).toBe(values[0] || undefined);
      }),
      { numRuns: 2000 },
    );
  });

  it('of any bytes at all is taken or refused as malformed, by one of a handful of sentences', () => {
    const sentences = new Set<string>();
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 12 }), formlike), (body) => {
        const message = refusal(body);
        if (message !== undefined) sentences.add(message);
      }),
      { numRuns: 100_000 },
    );
    expect([...sentences].filter((sentence) => !DESCRIPTION.test(sentence))).toEqual([]);
    // A sentence that repeated what was sent would be another one each time.
    expect(sentences.size).toBe(5);
  });

  it('may have a thousand parameters, and not one more', () => {
    const pairs = Array.from({ length: 1000 }, (_, index) => `p${index}=1`).join('&');
    expect(parse(pairs).get('p999')).toBe('1');
    expect(refusal(Buffer.from(`${pairs}&p1000=1`))).toMatch(/more than 1000 parameters/);
  });

  it('with a hundred thousand parameters is refused in no time', () => {
    const body = Array.from({ length: 100_000 }, (_, index) => `p${index}=1`).join('&');
    const start = performance.now();
    expect(refusal(Buffer.from(body))).toMatch(/more than 1000 parameters/);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
