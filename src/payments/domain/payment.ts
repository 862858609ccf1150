import { createHash } from 'node:crypto';
import type { Amount } from './amount.js';

/** What a client orders. */
export interface PaymentOrder {
  readonly amount: Amount;
  /** An alphabetic code of ISO 4217. */
  readonly currency: string;
  /** The client's own note: see {@link isReference}. */
  readonly reference: string;
}

/** How far a payment has come. This example stops where the work of a real one would begin. */
export type PaymentStatus = 'created';

/** An order that was accepted. */
export interface Payment extends PaymentOrder {
  readonly paymentId: string;
  /** The client that it belongs to, by its public id. */
  readonly clientId: string;
  readonly status: PaymentStatus;
  readonly createdAt: Date;
}

/** A payment before it is stored: the database says when that was. */
export type NewPayment = Omit<Payment, 'createdAt'>;

/** What a payment in a currency costs. */
export interface PaymentFee {
  readonly currency: string;
  /** Of the amount, as a decimal, such as `1.40`. */
  readonly percent: string;
  /** On top of it, in the currency, as a decimal. */
  readonly fixed: string;
}

const PAYMENT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text can be the id of a payment: what can not is no question for the database. */
export function isPaymentId(text: string): boolean {
  return PAYMENT_ID.test(text);
}

/** In characters, as people and PostgreSQL count them: an emoji is one. */
export const LONGEST_REFERENCE = 140;

// Control characters and line separators would break the lines of a statement or a log. PostgreSQL
// refuses NUL, and half of a surrogate pair is no text at all (`u` makes \p{Cs} match halves only).
const REFERENCE = new RegExp(`^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]{0,${LONGEST_REFERENCE}}$`, 'u');

/** Whether a value can be a payment's reference: one line of text, which may be empty. */
export function isReference(value: unknown): value is string {
  return typeof value === 'string' && REFERENCE.test(value);
}

/**
 * The fingerprint by which two orders are the same. It is taken of what an order means, not of the
 * bytes that were sent (draft-ietf-httpapi-idempotency-key-header §2.4 leaves the choice): `12.5`
 * and `12.50` are one order, in whatever sequence a library wrote the fields.
 */
export function orderDigest({ amount, currency, reference }: PaymentOrder): string {
  const meaning = JSON.stringify([amount, currency, reference]);
  return createHash('sha256').update(meaning).digest('base64url');
}
