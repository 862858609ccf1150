import { parseAmount } from '../domain/amount.js';
import { getDecimals } from '../domain/currency.js';
import type { Payment, PaymentFee, PaymentOrder } from '../domain/payment.js';
import type { PaymentPage } from '../domain/payments.service.js';
import type { CreatePaymentDto } from './dto/create-payment.dto.js';
import type { PaymentFeeListDto } from './dto/payment-fee.dto.js';
import type { PaymentDto, PaymentListDto } from './dto/payment.dto.js';
import { encodeCursor } from './payment.cursor.js';

/** Takes an order from a body that the validation let through. */
export function toOrder({ amount, currency, reference }: CreatePaymentDto): PaymentOrder {
  return { amount: parseAmount(amount, getDecimals(currency)), currency, reference };
}

/** Shows a payment. Its client is left out: it is the caller, always. */
export function toPaymentDto(payment: Payment): PaymentDto {
  return {
    payment_id: payment.paymentId,
    amount: payment.amount,
    currency: payment.currency,
    reference: payment.reference,
    status: payment.status,
    created_at: payment.createdAt.toISOString(),
  };
}

/** Shows a part of the list. */
export function toPaymentListDto({ payments, next }: PaymentPage): PaymentListDto {
  return {
    items: payments.map(toPaymentDto),
    next_cursor: next === undefined ? null : encodeCursor(next),
  };
}

/** Shows the fees. */
export function toPaymentFeeListDto(fees: readonly PaymentFee[]): PaymentFeeListDto {
  return { items: fees.map(({ currency, percent, fixed }) => ({ currency, percent, fixed })) };
}
