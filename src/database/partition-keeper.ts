import { Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Settings } from '../config/settings.js';
import { dropEndedPartitions, makePartitions, type PartitionedTable } from './partitions.js';

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
    await this.make();
    void this.maintain();
    this.timer = setInterval(() => void this.maintain(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Makes what is missing, now. */
  async make(): Promise<void> {
    const partitions = await makePartitions(this.url(), this.table);
    if (partitions.length > 0) this.logger.log({ msg: 'partitions made', partitions });
  }

  private async maintain(): Promise<void> {
    try {
      await this.make();
      const partitions = await dropEndedPartitions(this.url(), this.table);
      if (partitions.length > 0) this.logger.log({ msg: 'partitions dropped', partitions });
    } catch (err) {
      this.logger.warn({ msg: 'partitions could not be kept; trying again in an hour', err });
    }
  }

  private url(): string {
    const { migrationDatabaseUrl } = this.settings;
    if (migrationDatabaseUrl === undefined) throw new Error('no database is set');
    return migrationDatabaseUrl;
  }
}
