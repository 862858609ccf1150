import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsAmount, IsCurrencyCode, IsReference } from './create-payment.validators.js';

/** The body of a request to create a payment. */
@ApiSchema({ name: 'CreatePayment' })
export class CreatePaymentDto {
  /**
   * A decimal string above 0, up to 15 digits before the point and no more after it than the
   * currency has (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD.
   */
  @ApiProperty({ example: '12.50', pattern: '^(0|[1-9][0-9]{0,14})(\\.[0-9]{1,4})?$' })
  @IsAmount()
  readonly amount!: string;

  /** An active alphabetic currency code of ISO 4217, in capitals. */
  @ApiProperty({ example: 'EUR', pattern: '^[A-Z]{3}$' })
  @IsCurrencyCode()
  readonly currency!: string;

  /** A note of your own, such as an invoice number: one line, without control characters. */
  @ApiProperty({ example: 'Invoice 2026-0042', maxLength: 140 })
  @IsReference()
  readonly reference!: string;
}

/** Requests as real clients send them, for the OpenAPI document. */
export const CREATE_PAYMENT_EXAMPLES: Record<string, { summary: string; value: CreatePaymentDto }> =
  {
    euro: {
      summary: 'Two decimals: euro',
      value: { amount: '12.50', currency: 'EUR', reference: 'Invoice 2026-0042' },
    },
    yen: {
      summary: 'No decimals: Japanese yen',
      value: { amount: '1250', currency: 'JPY', reference: '請求書 1001' },
    },
    dinar: {
      summary: 'Three decimals: Kuwaiti dinar',
      value: { amount: '4.125', currency: 'KWD', reference: 'Order 7, second part' },
    },
  };
