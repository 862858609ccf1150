import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '../../errors/domain-error.js';
import {
  isPaymentId,
  orderDigest,
  type NewPayment,
  type Payment,
  type PaymentFee,
  type PaymentOrder,
} from './payment.js';
import { PaymentsRepository, type PaymentPosition } from './payments.repository.js';

/** A part of the list of payments. */
export interface PaymentPage {
  readonly payments: readonly Payment[];
  /** Where the next part begins; undefined at the end. */
  readonly next?: PaymentPosition;
}

/** What clients can do with payments: each with its own. */
@Injectable()
export class PaymentsService {
  constructor(private readonly repository: PaymentsRepository) {}

  /** @returns the newest payments of a client, or those behind a place in the list */
  async list(clientId: string, limit: number, after?: PaymentPosition): Promise<PaymentPage> {
    // One more than asked for tells whether there is a next page, without counting.
    const found = await this.repository.findPage(clientId, limit + 1, after);
    const payments = found.slice(0, limit);
    return { payments, next: found.length > limit ? payments.at(-1) : undefined };
  }

  /**
   * @throws DomainError `not_found`, alike for an id that is malformed, unknown or another
   *   client's: whether a payment of somebody else exists is not told
   */
  async get(clientId: string, paymentId: string): Promise<Payment> {
    const payment = isPaymentId(paymentId)
      ? await this.repository.find(clientId, paymentId)
      : undefined;
    if (payment === undefined) {
      throw new DomainError('not_found', 'This client has no payment with this id.');
    }
    return payment;
  }

  /**
   * Accepts an order.
   *
   * @param key the client's name for this request; the same order under the same key gives the
   *   payment that it gave the first time (draft-ietf-httpapi-idempotency-key-header §2)
   * @throws DomainError `idempotency_key_reused` for another order under the key, `conflict` while
   *   the first request with the key runs
   */
  async create(clientId: string, order: PaymentOrder, key?: string): Promise<Payment> {
    const payment: NewPayment = { ...order, paymentId: randomUUID(), clientId, status: 'created' };
    return key === undefined ? this.repository.insert(payment) : this.createOnce(payment, key);
  }

  private async createOnce(payment: NewPayment, key: string): Promise<Payment> {
    const digest = orderDigest(payment);
    const outcome = await this.repository.insertOnce(payment, { key, digest });
    if (outcome.kind === 'running') {
      throw new DomainError(
        'conflict',
        'A request with this Idempotency-Key is still running. Send the same again shortly.',
        { retryAfterSeconds: 1 },
      );
    }
    if (outcome.kind === 'known' && outcome.digest !== digest) {
      throw new DomainError(
        'idempotency_key_reused',
        'This Idempotency-Key was used for another payment. Use a new key for a new payment.',
      );
    }
    return outcome.payment;
  }

  /** @returns what payments cost, by currency */
  fees(): Promise<PaymentFee[]> {
    return this.repository.findFees();
  }
}
