import { Column, CreateDateColumn, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { PaymentEntity } from './payment.entity.js';

const primaryKeyConstraintName = 'payment_idempotency_key_pkey';

/** A key that a client has used, kept as long as the payment that was made under it. */
@Entity('payment_idempotency_key')
export class PaymentIdempotencyKeyEntity {
  @PrimaryColumn('text', { name: 'client_id', primaryKeyConstraintName })
  clientId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName })
  key!: string;

  @Column('text', { name: 'request_digest' })
  requestDigest!: string;

  @Column('text', { name: 'payment_id' })
  @ForeignKey(() => PaymentEntity, {
    name: 'payment_idempotency_key_payment_id_fkey',
    onDelete: 'CASCADE',
  })
  paymentId!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
