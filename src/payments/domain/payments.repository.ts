import type { NewPayment, Payment, PaymentFee } from './payment.js';

/** A place in the list of a client's payments: right behind the payment that it names. */
export interface PaymentPosition {
  readonly createdAt: Date;
  readonly paymentId: string;
}

/** A client's name for one request, so that it can be sent again without being done again. */
export interface IdempotencyKey {
  readonly key: string;
  /** What was asked for under this key. */
  readonly digest: string;
}

/** What became of a payment with an idempotency key. */
export type InsertOutcome =
  | { readonly kind: 'inserted'; readonly payment: Payment }
  /** The key was used before, for this payment, asked for with this digest. */
  | { readonly kind: 'known'; readonly payment: Payment; readonly digest: string }
  /** A request with the key is running at this moment. */
  | { readonly kind: 'running' };

/**
 * The port to the stored payments. Every question about them names the client: an answer can not
 * hold another's.
 *
 * All methods throw what the database throws.
 */
export abstract class PaymentsRepository {
  abstract find(clientId: string, paymentId: string): Promise<Payment | undefined>;

  /**
   * A client's payments, newest first.
   *
   * @param after where the list goes on; left out, it begins at the newest
   */
  abstract findPage(clientId: string, limit: number, after?: PaymentPosition): Promise<Payment[]>;

  abstract insert(payment: NewPayment): Promise<Payment>;

  /** Stores a payment unless its client has used the key before: both or neither, at once. */
  abstract insertOnce(payment: NewPayment, key: IdempotencyKey): Promise<InsertOutcome>;

  /** All fees, by currency. */
  abstract findFees(): Promise<PaymentFee[]>;
}
