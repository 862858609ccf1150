import {
  Inject,
  Injectable,
  Logger,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { ensureTokenPartitions } from './token-partitions.js';

/** Far more often than needed, so that one failure is of no account. */
const EVERY_MS = 3_600_000;

/** Keeps the token table's partitions a week ahead of the clock. */
@Injectable()
export class TokenPartitionsKeeper implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Partitions');
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** @throws what the database says: without a partition no token can be issued */
  async onModuleInit(): Promise<void> {
    await this.ensure();
    this.timer = setInterval(() => void this.ensureOrWarn(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Makes what is missing, now. */
  async ensure(): Promise<void> {
    const { migrationDatabaseUrl } = this.settings;
    if (migrationDatabaseUrl === undefined) throw new Error('no database is set');
    const made = await ensureTokenPartitions(migrationDatabaseUrl);
    if (made.length > 0) this.logger.log({ msg: 'token partitions made', partitions: made });
  }

  private async ensureOrWarn(): Promise<void> {
    try {
      await this.ensure();
    } catch (err) {
      this.logger.warn({ msg: 'token partitions could not be made; trying again in an hour', err });
    }
  }
}
