import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PaymentsRepository } from './domain/payments.repository.js';
import { PaymentsService } from './domain/payments.service.js';
import { PaymentsController } from './http/payments.controller.js';
import { PaymentFeeEntity } from './storage/payment-fee.entity.js';
import { PaymentIdempotencyKeyEntity } from './storage/payment-idempotency-key.entity.js';
import { PaymentEntity } from './storage/payment.entity.js';
import { TypeormPaymentsRepository } from './storage/typeorm-payments.repository.js';

/**
 * The protected example resource, and the module to copy from. It needs a data source and the
 * resource server; nothing needs it: without this folder and its line in `app.module.ts` the rest
 * stays whole.
 *
 * Read it from `http/payments.controller.ts` inwards; `payments.contract.spec.ts` shows how to test
 * a guarded module with tokens of any client and scope, and no authorization server.
 */
@Module({
  imports: [
    TypeOrmModule.forFeature([PaymentEntity, PaymentIdempotencyKeyEntity, PaymentFeeEntity]),
  ],
  controllers: [PaymentsController],
  providers: [
    PaymentsService,
    { provide: PaymentsRepository, useClass: TypeormPaymentsRepository },
  ],
})
export class PaymentsModule {}
