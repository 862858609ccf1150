import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import {
  ApiProblem,
  CurrentClient,
  Scopes,
  type VerifiedToken,
} from '../../resource-server/index.js';
import { PaymentsService } from '../domain/payments.service.js';
import { CREATE_PAYMENT_EXAMPLES, CreatePaymentDto } from './dto/create-payment.dto.js';
import { ListPaymentsDto } from './dto/list-payments.dto.js';
import { PaymentFeeListDto } from './dto/payment-fee.dto.js';
import { PaymentDto, PaymentListDto } from './dto/payment.dto.js';
import { IDEMPOTENCY_KEY, IdempotencyKey } from './idempotency-key.decorator.js';
import { decodeCursor } from './payment.cursor.js';
import {
  toOrder,
  toPaymentDto,
  toPaymentFeeListDto,
  toPaymentListDto,
} from './payment.presenter.js';

/** `/payments/`: translates between the wire and the domain, and decides nothing. */
@ApiTags('Payments')
@Controller('payments')
export class PaymentsController {
  constructor(private readonly payments: PaymentsService) {}

  @Get()
  @Scopes('read')
  @ApiOperation({ summary: 'List your payments', operationId: 'listPayments' })
  @ApiOkResponse({ description: 'Payments of the calling client.', type: PaymentListDto })
  @ApiProblem(400, '`limit` is out of range, or `cursor` is none that this route gave.')
  async list(
    @CurrentClient() { clientId }: VerifiedToken,
    @Query() { limit, cursor }: ListPaymentsDto,
  ): Promise<PaymentListDto> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor);
    return toPaymentListDto(await this.payments.list(clientId, limit, after));
  }

  // Before `:payment_id`, which would take `fees` for an id.
  @Get('fees')
  @Scopes('admin')
  @ApiOperation({ summary: 'List the payment fees', operationId: 'listPaymentFees' })
  @ApiOkResponse({ description: 'The fees, by currency.', type: PaymentFeeListDto })
  async listFees(): Promise<PaymentFeeListDto> {
    return toPaymentFeeListDto(await this.payments.fees());
  }

  @Get(':payment_id')
  @Scopes('read')
  @ApiOperation({ summary: 'Get one of your payments', operationId: 'getPayment' })
  @ApiParam({ name: 'payment_id', description: 'The id of the payment.' })
  @ApiOkResponse({ description: 'The payment.', type: PaymentDto })
  @ApiProblem(404, 'The calling client has no payment with this id.')
  async get(
    @CurrentClient() { clientId }: VerifiedToken,
    @Param('payment_id') paymentId: string,
  ): Promise<PaymentDto> {
    return toPaymentDto(await this.payments.get(clientId, paymentId));
  }

  @Post()
  @Scopes('write')
  @ApiOperation({ summary: 'Create a payment', operationId: 'createPayment' })
  @ApiHeader({
    name: IDEMPOTENCY_KEY,
    required: false,
    description:
      'A random key of your own, 1 to 255 printable ASCII characters. Sent again with the same body it gives the same answer, and no second payment. It is kept as long as its payment.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  })
  @ApiBody({ type: CreatePaymentDto, examples: CREATE_PAYMENT_EXAMPLES })
  @ApiCreatedResponse({
    description: 'The payment.',
    type: PaymentDto,
    headers: { Location: { description: 'Its path.', schema: { type: 'string' } } },
  })
  @ApiProblem(400, 'The body is not JSON, or `Idempotency-Key` is malformed.')
  @ApiProblem(
    409,
    'A request with this `Idempotency-Key` is still running: send it again after `Retry-After`.',
  )
  @ApiProblem(413, 'The body is longer than 64 KiB.')
  @ApiProblem(415, 'The body is not announced as JSON.')
  @ApiProblem(422, 'A field is wrong, or the `Idempotency-Key` was used for another payment.')
  async create(
    @CurrentClient() { clientId }: VerifiedToken,
    @Body() body: CreatePaymentDto,
    @IdempotencyKey() key: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PaymentDto> {
    const payment = await this.payments.create(clientId, toOrder(body), key);
    response.location(`/payments/${payment.paymentId}`);
    return toPaymentDto(payment);
  }
}
