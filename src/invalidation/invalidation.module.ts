import { Module } from '@nestjs/common';
import { InvalidationFeed } from './domain/invalidation-feed.js';
import { InvalidationLog } from './domain/invalidation-log.js';
import { PostgresInvalidationLog } from './storage/postgres-invalidation-log.js';

/** What keeps the caches of all nodes true within a second. */
@Module({
  providers: [InvalidationFeed, { provide: InvalidationLog, useClass: PostgresInvalidationLog }],
  exports: [InvalidationFeed],
})
export class InvalidationModule {}
