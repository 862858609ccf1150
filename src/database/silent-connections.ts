import type { EntitySubscriberInterface } from 'typeorm';
import type { AfterQueryEvent } from 'typeorm/subscriber/event/QueryEvent.js';

/** Of a server that was made a standby, or read only: it will not take the next one either. */
export const READ_ONLY = '25006';

/** What node-postgres says, without a code, when its own limit for a statement is over. */
const READ_TIME_OUT = 'Query read timeout';

/**
 * Closes a connection that did not answer in time, or is to a server that may not write any more. TypeORM would send the ROLLBACK after it, wait as
 * long again, and give the connection back to the pool: to the next one, who would wait in vain too.
 */
export class SilentConnections implements EntitySubscriberInterface {
  async afterQuery({ queryRunner, success, error }: AfterQueryEvent): Promise<void> {
    const { message, code } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
    if (success || (message !== READ_TIME_OUT && code !== READ_ONLY)) return;
    const client = (await queryRunner.connect()) as { end(): Promise<void> };
    // Not waited for: it may take its time to be gone, and nobody may have it from now on.
    client.end().catch(() => undefined);
  }
}
