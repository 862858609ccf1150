import { DomainError } from '../../errors/domain-error.js';
import type { ClientPlace, ClientSort } from '../domain/client-list.js';
import { PROPERTY_RULES } from '../domain/client-properties.js';

/** What PostgreSQL's `integer` holds. */
const LARGEST_KEY = 2_147_483_647;

/** Writes a place in the list as an opaque text: what is in it is nobody's business but ours. */
export function encodeCursor(sort: ClientSort, place: ClientPlace): string {
  const value = place.by === 'client_name' ? place.name : place.at;
  return Buffer.from(JSON.stringify([sort, value, place.key])).toString('base64url');
}

/**
 * Reads a cursor back into typed values. It needs no signature: a forged one can only name another
 * place in a list that the caller may read as a whole.
 *
 * @param sort of the request, which the cursor has to be of
 * @throws DomainError `invalid_parameter` for what {@link encodeCursor} did not write
 */
export function decodeCursor(sort: ClientSort, cursor: string): ClientPlace {
  const place = placeOf(sort, parsed(cursor));
  // Node's decoder skips what is no base64url, so the way back is the proof.
  if (place !== undefined && encodeCursor(sort, place) === cursor) return place;
  throw new DomainError(
    'invalid_parameter',
    'Wrong parameter: cursor: must be the next_cursor of an earlier answer with the same sort, unchanged.',
  );
}

function parsed(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? (value as unknown[]) : [];
  } catch {
    return [];
  }
}

function placeOf(sort: ClientSort, [ownSort, value, key]: unknown[]): ClientPlace | undefined {
  if (ownSort !== sort || !isWhole(key) || key > LARGEST_KEY) return undefined;
  const by = sort.replace('-', '') as ClientPlace['by'];
  if (by === 'client_name') {
    const fits = typeof value === 'string' && PROPERTY_RULES.client_name.fits(value);
    return fits ? { by, name: value, key } : undefined;
  }
  return value === null || isWhole(value) ? { by, at: value, key } : undefined;
}

/** A safe integer is 285 years of microseconds: every time that passes is one for PostgreSQL. */
function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
