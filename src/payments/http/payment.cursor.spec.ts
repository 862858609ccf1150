import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { DomainError } from '../../errors/domain-error.js';
import { decodeCursor, encodeCursor } from './payment.cursor.js';

const position = { createdAt: new Date('2026-01-31T09:30:00.123Z'), paymentId: randomUUID() };

describe('a cursor', () => {
  it('leads back to the place that it was made of', () => {
    const times = fc.date({
      min: new Date('2002-01-01'),
      max: new Date('2286-01-01'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(times, fc.uuid(), (createdAt, paymentId) => {
        const place = { createdAt, paymentId };
        expect(decodeCursor(encodeCursor(place))).toEqual(place);
      }),
    );
  });

  const encoded = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    ['empty', ''],
    ['no base64url', '%%%'],
    ['padded', `${encodeCursor(position)}=`],
    ['with blanks in it', ` ${encodeCursor(position)}`],
    ['cut short', encodeCursor(position).slice(0, -2)],
    ['twice', encodeCursor(position).repeat(2)],
    ['another thing', encoded('1')],
    ['a time that no database knows', encoded(`9999999999999999.${position.paymentId}`)],
    ['a negative time', encoded(`-769850200123.${position.paymentId}`)],
    ['an id that is SQL', encoded("1769850200123.' OR '1'='1")],
    ['JSON', encoded('{"createdAt":1769850200123}')],
    ['with a NUL', encoded(`1769850200123.${position.paymentId}\0`)],
  ])('is refused by name: %s', (_why, cursor) => {
    expect(() => decodeCursor(cursor)).toThrow(DomainError);
    expect(() => decodeCursor(cursor)).toThrow(/cursor/);
  });

  it('is read back letter by letter or refused, whatever is sent', () => {
    const valid = encodeCursor(position);
    const altered = fc
      .tuple(fc.nat(valid.length - 1), fc.string({ maxLength: 2 }))
      .map(([at, text]) => valid.slice(0, at) + text + valid.slice(at + 1));
    const isSafe = fc.property(fc.oneof(fc.string(), fc.base64String(), altered), (cursor) => {
      const decoded = attempt(cursor);
      return decoded === undefined || encodeCursor(decoded) === cursor;
    });
    expect(fc.check(isSafe, { numRuns: 100_000 })).toMatchObject({ failed: false });
  });
});

function attempt(cursor: string) {
  try {
    return decodeCursor(cursor);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid_parameter') return undefined;
    throw error;
  }
}
