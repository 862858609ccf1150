import { DomainError } from '../../errors/domain-error.js';
import type { PaymentPosition } from '../domain/payments.repository.js';

// A time in milliseconds and an id. Thirteen digits are the years 2001 to 2286: every time that
// passes is one that PostgreSQL takes.
const POSITION = /^(?<time>\d{13})\.(?<paymentId>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Writes a place in the list as an opaque text: what is in it is nobody's business but ours. */
export function encodeCursor({ createdAt, paymentId }: PaymentPosition): string {
  return Buffer.from(`${createdAt.getTime()}.${paymentId}`).toString('base64url');
}

/**
 * Reads a cursor back into typed values. It needs no signature: a forged one can only name another
 * place in the caller's own list.
 *
 * @throws DomainError `invalid_parameter` for what {@link encodeCursor} did not write
 */
export function decodeCursor(cursor: string): PaymentPosition {
  const { time, paymentId } =
    POSITION.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.groups ?? {};
  if (time !== undefined && paymentId !== undefined) {
    const position = { createdAt: new Date(Number(time)), paymentId };
    // Node's decoder skips what is no base64url, so the way back is the proof.
    if (encodeCursor(position) === cursor) return position;
  }
  throw new DomainError(
    'invalid_parameter',
    'Wrong parameter: cursor: must be the next_cursor of an earlier answer, unchanged.',
  );
}
