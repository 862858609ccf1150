import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { CLIENT_SORTS, type ClientPlace, type ClientSort } from '../domain/client-list.js';
import { DomainError } from '../../errors/domain-error.js';
import { decodeCursor, encodeCursor } from './client.cursor.js';

const sorts = fc.constantFrom(...CLIENT_SORTS);
const keys = fc.integer({ min: 1, max: 2_147_483_647 });
const names = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 50 })
  .filter((name) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) && name.trim() !== '');
const times = fc.option(fc.integer({ min: 0, max: 4e15 }), { nil: null });

function placeFor(sort: ClientSort, name: string, at: number | null, key: number): ClientPlace {
  const by = sort.replace('-', '') as ClientPlace['by'];
  return by === 'client_name' ? { by, name, key } : { by, at, key };
}

describe('a cursor', () => {
  it('comes back as the place that it names', () => {
    fc.assert(
      fc.property(sorts, names, times, keys, (sort, name, at, key) => {
        const place = placeFor(sort, name, at, key);
        expect(decodeCursor(sort, encodeCursor(sort, place))).toEqual(place);
      }),
      { numRuns: 10_000 },
    );
  });

  it('is of one order alone', () => {
    const cursor = encodeCursor('created_at', { by: 'created_at', at: 1, key: 1 });
    for (const sort of CLIENT_SORTS.filter((other) => other !== 'created_at')) {
      expect(() => decodeCursor(sort, cursor)).toThrow('cursor');
    }
  });

  it('that is anything else is refused by name, and nothing else is thrown', () => {
    const values = fc.anything().map((value) => {
      const json: unknown = JSON.stringify(value);
      return Buffer.from(String(json)).toString('base64url');
    });
    const forged = fc
      .tuple(sorts, fc.jsonValue(), fc.jsonValue())
      .map((parts) => Buffer.from(JSON.stringify(parts)).toString('base64url'));
    fc.assert(
      fc.property(sorts, fc.oneof(fc.string(), values, forged), (sort, cursor) => {
        try {
          expect(encodeCursor(sort, decodeCursor(sort, cursor))).toBe(cursor);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          expect(error.code).toBe('invalid_parameter');
        }
      }),
      { numRuns: 100_000 },
    );
  });
});
