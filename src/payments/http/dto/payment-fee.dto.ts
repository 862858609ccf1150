import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** What a payment in a currency costs. */
@ApiSchema({ name: 'PaymentFee' })
export class PaymentFeeDto {
  /** The alphabetic currency code (ISO 4217). */
  @ApiProperty({ example: 'EUR' })
  readonly currency!: string;

  /** The part of the amount that is charged, in percent, as a decimal string. */
  @ApiProperty({ example: '1.40' })
  readonly percent!: string;

  /** What is charged on top, in the currency, as a decimal string. */
  @ApiProperty({ example: '0.25' })
  readonly fixed!: string;
}

/** All fees. */
@ApiSchema({ name: 'PaymentFeeList' })
export class PaymentFeeListDto {
  /** One entry for each currency, by its code. */
  @ApiProperty({ type: () => [PaymentFeeDto] })
  readonly items!: PaymentFeeDto[];
}
