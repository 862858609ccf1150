import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DomainError } from '../../errors/domain-error.js';
import { decodeCursor, encodeCursor } from './audit-cursor.js';

const EVENT_ID = '0190a6b2-5f0e-4c1d-8a3b-2f6d1e9c7b45';

const encoded = (text: string): string => Buffer.from(text).toString('base64url');

describe('a cursor', () => {
  const times = fc
    .date({
      min: new Date('0001-01-02T00:00:00Z'),
      max: new Date('9999-12-30T00:00:00Z'),
      noInvalidDate: true,
    })
    .map((time) => time.toISOString().replace('Z', '789Z'));

  it('comes back as the place that it names', () => {
    fc.assert(
      fc.property(times, fc.uuid(), (time, eventId) => {
        expect(decodeCursor(encodeCursor({ time, eventId }))).toEqual({ time, eventId });
      }),
      { numRuns: 5000 },
    );
  });

  // PostgreSQL has no such times, and would fail over them.
  it.each([
    ['a day that the month has not', '2026-02-31T00:00:00.000000Z'],
    ['the year 0', '0000-01-01T00:00:00.000000Z'],
    ['the hour 24', '2026-12-31T24:00:00.000000Z'],
    ['a leap second', '2026-12-31T23:59:60.000000Z'],
  ])('with %s is refused', (_what, time) => {
    expect(() => decodeCursor(encoded(`${time} ${EVENT_ID}`))).toThrow('cursor');
  });

  it('that is anything else is refused by name, and nothing else is thrown', () => {
    const piece = fc.constantFrom(
      '2026',
      '-',
      '12',
      '31',
      'T',
      ':',
      '00',
      '.000000Z',
      ' ',
      EVENT_ID,
    );
    const forged = fc.oneof(fc.string({ unit: piece, maxLength: 14 }), fc.string());
    fc.assert(
      fc.property(fc.oneof(fc.string(), forged.map(encoded)), (cursor) => {
        try {
          expect(encodeCursor(decodeCursor(cursor))).toBe(cursor);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          expect(error.code).toBe('invalid_parameter');
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
