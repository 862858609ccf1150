import { AsyncLocalStorage } from 'node:async_hooks';
import { temporarilyUnavailable } from '../errors/domain-error.js';
import { isStoreUnavailable } from '../errors/store-failure.js';

/** Rows of one statement at most: larger ones gain nothing and make the others wait. */
const MOST_ROWS = 512;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * Gathers the items that come while a statement is under way and sends them as the next one. Many
 * callers then share one statement, and one commit, which is the dear part; a lone caller waits for
 * nobody.
 */
export class Batches<Item, Result> {
  private queue: Waiting<Item, Result>[] = [];
  private sending = false;
  /** Many requests share a statement: none is to lend it its id. */
  private readonly outsideRequests = AsyncLocalStorage.snapshot();

  /**
   * @param name of the items, for the log
   * @param send runs the statement for the items of one batch; gives the result of each, in turn
   * @param limit how many may wait
   */
  constructor(
    private readonly name: string,
    private readonly send: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly limit: number,
  ) {}

  /**
   * @returns the item's result, after the commit; its statement is sent after this was called
   * @throws DomainError `temporarily_unavailable` at once where too many wait; what the statement
   *   throws
   */
  add(item: Item): Promise<Result> {
    if (this.queue.length >= this.limit) {
      return Promise.reject(temporarilyUnavailable(undefined, `the queue of ${this.name} is full`));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject });
      if (!this.sending) this.outsideRequests(() => void this.drain());
    });
  }

  private async drain(): Promise<void> {
    this.sending = true;
    while (this.queue.length > 0) {
      const batch = this.queue.slice(0, MOST_ROWS);
      this.queue = this.queue.slice(MOST_ROWS);
      await this.settle(batch);
    }
    this.sending = false;
  }

  private async settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.send(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
    } catch (error) {
      // Where the store is out of reach, what waits behind would only wait for the same failure.
      const lost = isStoreUnavailable(error) ? [...batch, ...this.queue.splice(0)] : batch;
      for (const { reject } of lost) reject(error);
    }
  }
}
