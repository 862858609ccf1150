import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditTrail } from './domain/audit-trail.js';
import { FailureRecorder } from './domain/failure-recorder.js';
import { AuditEventsController } from './http/audit-events.controller.js';
import { AuditEventEntity } from './storage/audit-event.entity.js';
import { AuditPartitionsKeeper } from './storage/audit-partitions.keeper.js';
import { PostgresAuditTrail } from './storage/postgres-audit-trail.js';

/** Who did what to which client, and who failed to authenticate, and why. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditEventEntity])],
  controllers: [AuditEventsController],
  providers: [
    AuditPartitionsKeeper,
    FailureRecorder,
    { provide: AuditTrail, useClass: PostgresAuditTrail },
  ],
  exports: [AuditTrail, FailureRecorder],
})
export class AuditModule {}
