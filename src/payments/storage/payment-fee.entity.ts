import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a payment in a currency costs. */
@Entity('payment_fee')
export class PaymentFeeEntity {
  @PrimaryColumn('text', { primaryKeyConstraintName: 'payment_fee_pkey' })
  currency!: string;

  @Column('numeric')
  percent!: string;

  @Column('numeric')
  fixed!: string;
}
