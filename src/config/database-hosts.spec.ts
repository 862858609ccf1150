import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { urlPerHost } from './database-hosts.js';

describe('a PostgreSQL URL', () => {
  it.each([
    'postgres://u:p@h:5432/d',
    'postgres://u:p,q@h/d?x=a,b',
    'postgres://u@localhost/d?host=/a,b',
    'postgres:///d',
    'mysql://a,b/d',
  ])('of one host stays as it is: %s', (url) => {
    expect(urlPerHost(url)).toEqual([url]);
  });

  it('of several becomes one for each, with the same user, database and parameters', () => {
    expect(urlPerHost('postgresql://u:p,@a:1,[::1]:2,c/d?sslmode=verify-full')).toEqual([
      'postgresql://u:p,@a:1/d?sslmode=verify-full',
      'postgresql://u:p,@[::1]:2/d?sslmode=verify-full',
      'postgresql://u:p,@c/d?sslmode=verify-full',
    ]);
  });
});

describe('a PostgreSQL URL, whatever its parts', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  );
  const place = fc
    .tuple(host, fc.option(fc.integer({ min: 1, max: 65_535 })))
    .map(([name, port]) => (port === null ? name : `${name}:${port}`));
  const word = fc.string({
    unit: fc.constantFrom(...'ab1,@%._-'.split('')),
    minLength: 1,
    maxLength: 8,
  });

  it('becomes one for each host, that differ in it alone', () => {
    const hosts = fc.array(place, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.option(word),
        hosts,
        word,
        fc.option(word),
        (user, places, database, query) => {
          const write = (written: string): string =>
            `postgres://${user === null ? '' : `${user}@`}${written}/${database}${query === null ? '' : `?x=${query}`}`;
          expect(urlPerHost(write(places.join(',')))).toEqual(places.map(write));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('is split into what is split no further, whatever the text', () => {
    const urllike = fc.string({
      unit: fc.constantFrom('a', ',', '@', ':', '/', '?', '#', '\n', '['),
    });
    fc.assert(
      fc.property(fc.oneof(urllike, fc.string({ unit: 'binary' })), (rest) => {
        for (const scheme of ['postgres://', 'postgresql://', '']) {
          const urls = urlPerHost(`${scheme}${rest}`);
          expect(urls.length).toBeGreaterThan(0);
          expect(urls.flatMap(urlPerHost)).toEqual(urls);
          expect(urls.every((url) => url.startsWith(scheme))).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
