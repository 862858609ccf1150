import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Settings } from '../config/settings.js';
import { maintainPartitions, type PartitionedTable } from './partitions.js';

/** Far more often than needed, so that one failure is of no account. */
const EVERY_MS = 3_600_000;

/** Keeps the partitions of a table ahead of the clock, and drops them when their time is over. */
export class PartitionKeeper implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Partitions');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly table: PartitionedTable,
  ) {}

  /** @throws what the database says: without a partition nothing can be written */
  async onModuleInit(): Promise<void> {
    await this.maintain();
    this.timer = setInterval(() => void this.maintainOrWarn(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Makes what is missing and drops what is over, now. */
  async maintain(): Promise<void> {
    const { migrationDatabaseUrl } = this.settings;
    if (migrationDatabaseUrl === undefined) throw new Error('no database is set');
    const { made, dropped } = await maintainPartitions(migrationDatabaseUrl, this.table);
    if (made.length + dropped.length > 0) {
      this.logger.log({ msg: 'partitions changed', table: this.table.name, made, dropped });
    }
  }

  private async maintainOrWarn(): Promise<void> {
    try {
      await this.maintain();
    } catch (err) {
      this.logger.warn({ msg: 'partitions could not be kept; trying again', err });
    }
  }
}
