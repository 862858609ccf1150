import { Check, Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** A row of the payments. The names of its constraints are those of the migration. */
@Entity('payment')
// Read backwards it is the order of the list, so that a page costs the same wherever it begins.
@Index('payment_client_id_created_at_idx', ['clientId', 'createdAt', 'paymentId'])
@Check('payment_amount_check', 'amount > 0')
@Check('payment_reference_check', 'char_length(reference) <= 140')
export class PaymentEntity {
  @PrimaryColumn('text', { name: 'payment_id', primaryKeyConstraintName: 'payment_pkey' })
  paymentId!: string;

  @Column('text', { name: 'client_id' })
  clientId!: string;

  /** `numeric` without a scale keeps the decimals that it was given: `12.50` stays `12.50`. */
  @Column('numeric')
  amount!: string;

  @Column('text')
  currency!: string;

  @Column('text')
  reference!: string;

  @Column('text')
  status!: string;

  /** Whole milliseconds, as a Date has: a finer time would not come back equal from a cursor. */
  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}
