import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { PartitionKeeper } from '../../database/partition-keeper.js';

/** Keeps the audit trail's partitions ahead of the clock; a month goes when its retention is over. */
@Injectable()
export class AuditPartitionsKeeper extends PartitionKeeper {
  constructor(@Inject(SETTINGS) settings: Settings) {
    super(settings, {
      name: 'audit_event',
      column: 'time',
      period: 'month',
      ahead: 2,
      keepDays: settings.auditRetentionDays,
    });
  }
}
