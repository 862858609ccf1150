import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { normalizedResource } from './resource-indicator.js';

describe('a resource indicator', () => {
  it.each([
    ['https://api.example.com', 'https://api.example.com/'],
    ['HTTPS://API.Example.COM:443/', 'https://api.example.com/'],
    ['https://api.example.com/a/../b', 'https://api.example.com/b'],
    ['https://api.example.com/a?b=c', 'https://api.example.com/a?b=c'],
    ['https://api.example.com/A', 'https://api.example.com/A'],
    ['urn:example:api', 'urn:example:api'],
    ['api://billing', 'api://billing'],
  ])('%s is compared as %s', (text, normalized) => {
    expect(normalizedResource(text)).toBe(normalized);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'my-api'],
    ['a path', '/api'],
    ['a host without a scheme', 'api.example.com'],
    ['a relative reference to a host', '//api.example.com'],
    ['a scheme alone that needs a host', 'https://'],
    ['a fragment', 'https://api.example.com/#part'],
    ['an empty fragment', 'https://api.example.com/#'],
    ['a port out of range', 'https://api.example.com:99999'],
    ['a blank in the host', 'https://api example.com'],
  ])('can not be %s', (_what, text) => {
    expect(normalizedResource(text)).toBeUndefined();
  });

  // RFC 8707 §2 wants an absolute URI (RFC 3986); the URL parser mends these in silence. A blank is
  // the one that hurts: the audiences of a token are stored separated by blanks.
  it.each([
    ['a blank in front', ' https://api.example.com'],
    ['a line break within', 'https://api.exa\nmple.com'],
    ['a blank in the path', 'https://api.example.com/a b'],
  ])('can not have %s', (_what, text) => {
    expect(normalizedResource(text)).toBeUndefined();
  });

  it('stays as it is once it is in its normal form', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (url) => {
        const once = normalizedResource(url) ?? '';
        expect(once).not.toBe('');
        expect(normalizedResource(once)).toBe(once);
      }),
    );
  });

  it('is taken or refused, whatever the text, and never has a fragment', () => {
    const urllike = fc.string({
      unit: fc.constantFrom(
        'http',
        's',
        ':',
        '/',
        '//',
        '@',
        '[',
        ']',
        '::',
        '1',
        'a',
        '.',
        '%',
        '#',
        '?',
      ),
    });
    fc.assert(
      fc.property(fc.oneof(urllike, fc.string({ unit: 'binary' })), (text) => {
        const normalized = normalizedResource(text);
        return normalized === undefined || !`${text}${normalized}`.includes('#');
      }),
      { numRuns: 8000 },
    );
  });
});
