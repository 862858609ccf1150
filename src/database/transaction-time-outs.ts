import type { EntitySubscriberInterface } from 'typeorm';
import type { TransactionStartEvent } from 'typeorm/subscriber/event/TransactionStartEvent.js';
import { setLocalTimeOuts } from './server-time-outs.js';

/** Limits each transaction of TypeORM at the server, behind a pooler in transaction mode. */
export class TransactionTimeOuts implements EntitySubscriberInterface {
  constructor(private readonly timeoutMs: number) {}

  async afterTransactionStart({ queryRunner }: TransactionStartEvent): Promise<void> {
    await queryRunner.query(setLocalTimeOuts(this.timeoutMs));
  }
}
