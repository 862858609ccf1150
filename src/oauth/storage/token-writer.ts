import { isStoreUnavailable } from '../../errors/store-failure.js';
import { temporarilyUnavailable } from '../../errors/domain-error.js';
import type { NewAccessToken } from '../domain/access-token.js';

/** Rows of one statement at most: larger ones gain nothing and make the others wait. */
const MOST_ROWS = 512;

interface Waiting {
  readonly token: NewAccessToken;
  readonly resolve: (stored: boolean) => void;
  readonly reject: (cause: unknown) => void;
}

/**
 * Gathers the tokens that come while a write is under way and sends them as the next one. Many
 * callers then share one commit, which is the dear part; a lone caller waits for nobody.
 */
export class TokenWriter {
  private queue: Waiting[] = [];
  private writing = false;

  /**
   * @param write stores the tokens of one batch; gives for each whether it was stored
   * @param limit how many may wait
   */
  constructor(
    private readonly write: (tokens: readonly NewAccessToken[]) => Promise<boolean[]>,
    private readonly limit: number,
  ) {}

  /**
   * @returns after the commit, whether the token was stored
   * @throws DomainError `temporarily_unavailable` at once where too many wait; what the write throws
   */
  insert(token: NewAccessToken): Promise<boolean> {
    if (this.queue.length >= this.limit) {
      return Promise.reject(temporarilyUnavailable(undefined, 'the queue of tokens is full'));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ token, resolve, reject });
      if (!this.writing) void this.drain();
    });
  }

  private async drain(): Promise<void> {
    this.writing = true;
    while (this.queue.length > 0) {
      const batch = this.queue.slice(0, MOST_ROWS);
      this.queue = this.queue.slice(MOST_ROWS);
      await this.send(batch);
    }
    this.writing = false;
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    try {
      const stored = await this.write(batch.map(({ token }) => token));
      batch.forEach(({ resolve }, index) => resolve(stored[index] === true));
    } catch (error) {
      // Where the store is out of reach, what waits behind would only wait for the same failure.
      const lost = isStoreUnavailable(error) ? [...batch, ...this.queue.splice(0)] : batch;
      for (const { reject } of lost) reject(error);
    }
  }
}
