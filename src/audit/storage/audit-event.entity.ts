import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { AuditAction, AuditOutcome, Change } from '../domain/audit-event.js';

/** A row of the audit trail: written once, never changed. */
// The migration makes them: TypeORM knows no index of a partitioned table, nor one by GIN.
@Index('audit_event_client_id_idx', { synchronize: false })
@Index('audit_event_actor_idx', { synchronize: false })
@Index('audit_event_request_id_idx', { synchronize: false })
@Index('audit_event_request_ids_idx', { synchronize: false })
@Entity('audit_event')
export class AuditEventEntity {
  @PrimaryColumn('uuid', { name: 'event_id', primaryKeyConstraintName: 'audit_event_pkey' })
  eventId!: string;

  /** Part of the key because the table is partitioned by it. */
  @PrimaryColumn('timestamptz', {
    default: () => 'clock_timestamp()',
    primaryKeyConstraintName: 'audit_event_pkey',
  })
  time!: Date;

  @Column('text')
  action!: AuditAction;

  @Column('text')
  actor!: string;

  @Column('text', { name: 'client_id', nullable: true })
  clientId!: string | null;

  @Column('text', { nullable: true })
  address!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  @Column('text')
  outcome!: AuditOutcome;

  @Column('text', { nullable: true })
  reason!: string | null;

  @Column('jsonb', { nullable: true })
  changes!: Record<string, Change> | null;

  @Column('integer', { default: 1 })
  count!: number;

  @Column('text', { name: 'request_ids', array: true, default: () => "'{}'" })
  requestIds!: string[];
}
