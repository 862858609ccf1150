import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { PartitionKeeper } from '../../database/partition-keeper.js';

/** Keeps the token table's partitions a week ahead of the clock; a day goes when its last token has. */
@Injectable()
export class TokenPartitionsKeeper extends PartitionKeeper {
  constructor(@Inject(SETTINGS) settings: Settings) {
    super(settings, {
      name: 'oauth_access_token',
      column: 'expires_at',
      period: 'day',
      ahead: 7,
      keepDays: 0,
    });
  }
}
