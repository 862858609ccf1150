import { validateHeaderValue } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { challenge } from './challenge.js';

/** What a header can carry at all: printable ASCII, blank, tab, and Latin-1 (RFC 9110 §5.5). */
const value = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', ',', '=', ' ', '\t'),
    fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0xa0, max: 0xff }).map((code) => String.fromCharCode(code)),
  ),
});
const parameterName = fc.constantFrom('realm', 'error', 'scope', 'resource_metadata', 'error_uri');

/** Reads a challenge by the grammar of RFC 9110 §11.2 and §5.6.4, independently of the builder. */
function read(header: string): { scheme: string; parameters: Record<string, string> } {
  const [scheme = ''] = header.split(' ', 1);
  const parameters: Record<string, string> = {};
  const rest = header.slice(scheme.length + 1);
  const pair = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)="((?:[^"\\]|\\.)*)"(, |$)/y;
  while (pair.lastIndex < rest.length) {
    const found = pair.exec(rest);
    if (found === null) throw new Error(`no parameter at ${pair.lastIndex} of ${rest}`);
    parameters[found[1] ?? ''] = (found[2] ?? '').replace(/\\(.)/g, '$1');
  }
  return { scheme, parameters };
}

describe('a challenge', () => {
  it('has its parameters in the order given, each quoted', () => {
    expect(challenge('Bearer', { realm: 'api', error: 'invalid_token' })).toBe(
      'Bearer realm="api", error="invalid_token"',
    );
    expect(challenge('Basic', { realm: 'oauth' })).toBe('Basic realm="oauth"');
  });

  it('leaves out what is undefined and keeps what is empty', () => {
    expect(challenge('Bearer', { realm: '', error: undefined, scope: 'a b' })).toBe(
      'Bearer realm="", scope="a b"',
    );
  });

  it('escapes a quote and a backslash, so that no value ends early', () => {
    expect(challenge('Basic', { realm: 'a", error="b\\' })).toBe(
      'Basic realm="a\\", error=\\"b\\\\"',
    );
  });

  it('can be read back, whatever the values, and sent as a header', () => {
    const parameters = fc.dictionary(parameterName, value, { minKeys: 1, noNullPrototype: true });
    fc.assert(
      fc.property(fc.constantFrom('Basic', 'Bearer'), parameters, (scheme, given) => {
        const header = challenge(scheme, given);
        expect(read(header)).toEqual({ scheme, parameters: given });
        validateHeaderValue('WWW-Authenticate', header);
      }),
      { numRuns: 1500 },
    );
  });
});
