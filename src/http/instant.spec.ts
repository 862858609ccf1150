import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseInstant } from './instant.js';

describe('a time', () => {
  it.each([
    ['2026-12-31', '2026-12-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['2026-12-31T12:00Z', '2026-12-31T12:00:00.000Z'],
    ['2026-12-31T12:00:00Z', '2026-12-31T12:00:00.000Z'],
    ['2026-12-31t12:00:00.5z', '2026-12-31T12:00:00.500Z'],
    ['2026-12-31T12:00:00+02:00', '2026-12-31T10:00:00.000Z'],
    ['2026-12-31T12:00:00.123456-01:30', '2026-12-31T13:30:00.123Z'],
  ])('%s is read', (text, instant) => {
    expect(parseInstant(text)?.toISOString()).toBe(instant);
  });

  it.each([
    '',
    'now',
    '2026',
    '2026-12',
    '2026-13-01',
    '2026-00-10',
    '2026-12-00',
    '0001-01-00',
    '0000-12-31',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '2026-12-31T24:00:00Z',
    '2026-12-31T23:59:60Z',
    '2026-12-31T12:00:00+24:00',
    '2026-02-29',
    '2026-04-31T00:00:00Z',
    '2026-12-31T25:00:00Z',
    '2026-12-31T12:00:00',
    '2026-12-31 12:00:00Z',
    '2026-12-31T12:00:00Z\n',
    '+002026-12-31',
    '1798718400',
    '٢٠٢٦-12-31',
  ])('%j is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

describe('any time', () => {
  const instants = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  });
  const offsets = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 });

  it('is read as it was written, in every zone', () => {
    fc.assert(
      fc.property(instants, offsets, (instant, minutes) => {
        const there = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const ahead = Math.abs(minutes);
        const two = (number: number): string => String(number).padStart(2, '0');
        const zone = `${minutes < 0 ? '-' : '+'}${two(Math.trunc(ahead / 60))}:${two(ahead % 60)}`;
        expect(parseInstant(`${there}${zone}`)).toEqual(instant);
        expect(parseInstant(instant.toISOString())).toEqual(instant);
      }),
      { numRuns: 5000 },
    );
  });

  it('is a day of the calendar, or none', () => {
    const number = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9999 }), number(14), number(33), (year, month, day) => {
        const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
        const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
        const text = [String(year).padStart(4, '0'), month, day].map((part) => {
          return String(part).padStart(2, '0');
        });
        expect(parseInstant(text.join('-')) !== undefined).toBe(day >= 1 && day <= days);
      }),
      { numRuns: 20_000 },
    );
  });

  it('is by the grammar of RFC 3339 §5.6, whatever the text, and never an invalid date', () => {
    const instantlike = fc.string({
      unit: fc.constantFrom(...'0129-:TtZz+. '.split('')),
      maxLength: 25,
    });
    const nearly = fc
      .tuple(instants, fc.nat(24), fc.constantFrom(...'09-:Tz. ٣'.split('')))
      .map(([at, where, letter]) => {
        const text = at.toISOString();
        return text.slice(0, where) + letter + text.slice(where + 1);
      });
    const grammar =
      /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])([Tt]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d))?$/;
    fc.assert(
      fc.property(fc.oneof(instantlike, nearly, fc.string({ unit: 'binary' })), (text) => {
        const instant = parseInstant(text);
        if (instant === undefined) return;
        expect(text).toMatch(grammar);
        expect(Number.isNaN(instant.getTime())).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });
});
