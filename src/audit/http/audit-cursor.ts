import { DomainError } from '../../errors/domain-error.js';
import { parseInstant } from '../../http/instant.js';
import type { AuditPosition } from '../domain/audit-trail.js';

const POSITION =
  /^(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (?<eventId>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Writes a place in the trail as an opaque text. */
export function encodeCursor({ time, eventId }: AuditPosition): string {
  return Buffer.from(`${time} ${eventId}`).toString('base64url');
}

/**
 * Reads a cursor back into typed values.
 *
 * @throws DomainError `invalid_parameter` for what {@link encodeCursor} did not write
 */
export function decodeCursor(cursor: string): AuditPosition {
  const { time, eventId } =
    POSITION.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.groups ?? {};
  if (time !== undefined && eventId !== undefined && parseInstant(time) !== undefined) {
    const position = { time, eventId };
    // Node's decoder skips what is no base64url, so the way back is the proof.
    if (encodeCursor(position) === cursor) return position;
  }
  throw new DomainError(
    'invalid_parameter',
    'Wrong parameter: cursor: must be the next_cursor of an earlier answer, unchanged.',
  );
}
