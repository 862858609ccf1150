import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** A payment. */
@ApiSchema({ name: 'Payment' })
export class PaymentDto {
  /** The id of the payment. */
  @ApiProperty({ example: '0b0f5a2e-6d1c-4b57-9a3e-1f6f0d2c9b11' })
  readonly payment_id!: string;

  /** A decimal string with exactly the decimals of the currency. */
  @ApiProperty({ example: '12.50' })
  readonly amount!: string;

  /** The alphabetic currency code (ISO 4217). */
  @ApiProperty({ example: 'EUR' })
  readonly currency!: string;

  /** The note that was sent with the payment. */
  @ApiProperty({ example: 'Invoice 2026-0042' })
  readonly reference!: string;

  /** How far the payment has come. */
  @ApiProperty({ enum: ['created'] })
  readonly status!: string;

  /** When the payment was accepted. */
  @ApiProperty({ format: 'date-time', example: '2026-01-31T09:30:00.000Z' })
  readonly created_at!: string;
}

/** A part of the list of payments. */
@ApiSchema({ name: 'PaymentList' })
export class PaymentListDto {
  /** The payments of the calling client, newest first. */
  @ApiProperty({ type: () => [PaymentDto] })
  readonly items!: PaymentDto[];

  /** To be sent as `cursor` for the next part; null at the end of the list. */
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly next_cursor!: string | null;
}
