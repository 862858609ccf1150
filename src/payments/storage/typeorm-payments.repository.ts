import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EntityManager } from 'typeorm';
import type { Amount } from '../domain/amount.js';
import type { NewPayment, Payment, PaymentFee, PaymentStatus } from '../domain/payment.js';
import {
  PaymentsRepository,
  type IdempotencyKey,
  type InsertOutcome,
  type PaymentPosition,
} from '../domain/payments.repository.js';
import { PaymentFeeEntity } from './payment-fee.entity.js';
import { PaymentIdempotencyKeyEntity } from './payment-idempotency-key.entity.js';
import { PaymentEntity } from './payment.entity.js';

/** The payments in PostgreSQL. */
@Injectable()
export class TypeormPaymentsRepository extends PaymentsRepository {
  constructor(private readonly manager: EntityManager) {
    super();
  }

  override find(clientId: string, paymentId: string): Promise<Payment | undefined> {
    return find(this.manager, clientId, paymentId);
  }

  override async findPage(
    clientId: string,
    limit: number,
    after?: PaymentPosition,
  ): Promise<Payment[]> {
    const query = this.manager
      .createQueryBuilder(PaymentEntity, 'payment')
      .where('payment.clientId = :clientId', { clientId })
      .orderBy({ 'payment.createdAt': 'DESC', 'payment.paymentId': 'DESC' })
      .limit(limit);
    if (after !== undefined) {
      // By values, not by an offset: payments that arrive meanwhile push nothing onto this page.
      const { createdAt, paymentId } = after;
      query.andWhere('(payment.createdAt, payment.paymentId) < (:createdAt, :paymentId)', {
        createdAt,
        paymentId,
      });
    }
    return (await query.getMany()).map(toPayment);
  }

  override insert(payment: NewPayment): Promise<Payment> {
    return insert(this.manager, payment);
  }

  override insertOnce(payment: NewPayment, used: IdempotencyKey): Promise<InsertOutcome> {
    const { clientId } = payment;
    const { key, digest } = used;
    return this.manager.transaction(async (manager): Promise<InsertOutcome> => {
      if (!(await tryLock(manager, clientId, key))) return { kind: 'running' };
      // A statement of its own, after the lock: its snapshot then has what the last holder wrote.
      const known = await manager.findOneBy(PaymentIdempotencyKeyEntity, { clientId, key });
      if (known !== null) {
        const first = await find(manager, clientId, known.paymentId);
        if (first === undefined) throw new Error('an idempotency key outlived its payment');
        return { kind: 'known', payment: first, digest: known.requestDigest };
      }
      const inserted = await insert(manager, payment);
      const { paymentId } = payment;
      await manager.insert(PaymentIdempotencyKeyEntity, {
        clientId,
        key,
        requestDigest: digest,
        paymentId,
      });
      return { kind: 'inserted', payment: inserted };
    });
  }

  override async findFees(): Promise<PaymentFee[]> {
    const rows = await this.manager.find(PaymentFeeEntity, { order: { currency: 'ASC' } });
    return rows.map(({ currency, percent, fixed }) => ({ currency, percent, fixed }));
  }
}

/**
 * Takes the lock on a client's key, without waiting. It ends with its transaction: a crash can not
 * leave it behind, and it holds behind a pooler too, where a session is not ours to keep.
 */
async function tryLock(manager: EntityManager, clientId: string, key: string): Promise<boolean> {
  const name = JSON.stringify(['payment_idempotency_key', clientId, key]);
  const lock = createHash('sha256').update(name).digest().readBigInt64BE().toString();
  const [row] = await manager.query<{ locked: boolean }[]>(
    'SELECT pg_try_advisory_xact_lock($1::bigint) AS locked',
    [lock],
  );
  return row?.locked ?? false;
}

async function find(
  manager: EntityManager,
  clientId: string,
  paymentId: string,
): Promise<Payment | undefined> {
  const row = await manager.findOneBy(PaymentEntity, { clientId, paymentId });
  return row === null ? undefined : toPayment(row);
}

async function insert(manager: EntityManager, payment: NewPayment): Promise<Payment> {
  const row = manager.create(PaymentEntity, payment);
  await manager.insert(PaymentEntity, row); // sets createdAt to what the database said
  return toPayment(row);
}

function toPayment(row: PaymentEntity): Payment {
  const { paymentId, clientId, currency, reference, createdAt } = row;
  return {
    paymentId,
    clientId,
    amount: row.amount as Amount,
    currency,
    reference,
    status: row.status as PaymentStatus,
    createdAt,
  };
}
