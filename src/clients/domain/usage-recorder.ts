import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { UsageRepository } from './usage.repository.js';

/** Well within the minute that the contract gives. */
const WRITE_AFTER_MS = 10_000;
/** Secrets that are remembered until the next write: some 20 MB at the very most. */
const MOST_REMEMBERED = 100_000;
/** Rows of one statement at most, so that none holds its locks for long. */
const MOST_ROWS = 1000;

interface Noted {
  readonly clientKey: number;
  readonly address: string;
  /** By a clock that only goes forward. */
  readonly at: number;
}

/**
 * Remembers when each secret was last used, and from where, and writes it down every few seconds:
 * no request waits for it, and however many come, a secret is one row of a batch.
 */
@Injectable()
export class UsageRecorder implements OnModuleDestroy {
  private readonly logger = new Logger('Usage');
  private noted = new Map<number, Noted>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly repository: UsageRepository) {}

  /** Notes a use that happened just now. */
  note(clientKey: number, secretKey: number, address: string, at = performance.now()): void {
    // Full only where the store has been out of reach for long: what is dropped comes again.
    if (this.noted.size >= MOST_REMEMBERED && !this.noted.has(secretKey)) return;
    this.noted.set(secretKey, { clientKey, address, at });
    this.timer ??= setTimeout(() => void this.flush(), WRITE_AFTER_MS).unref();
  }

  /** Writes down what is noted, now; what can't be written is kept for the next time. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  /** The last uses before a stop are written down too. */
  async onModuleDestroy(): Promise<void> {
    await this.flush();
    clearTimeout(this.timer);
  }

  private async write(): Promise<void> {
    const taken = [...this.noted];
    this.noted = new Map();
    for (let start = 0; start < taken.length; start += MOST_ROWS) {
      const batch = taken.slice(start, start + MOST_ROWS);
      try {
        await this.repository.store(batch.map(toUse));
      } catch (err) {
        this.logger.warn({ msg: 'last uses could not be written; trying again', err });
        this.keep(taken.slice(start));
        return;
      }
    }
  }

  /** Takes back what was not written, unless the secret has been used since. */
  private keep(unwritten: readonly (readonly [number, Noted])[]): void {
    for (const [secretKey, use] of unwritten) {
      if (!this.noted.has(secretKey)) this.note(use.clientKey, secretKey, use.address, use.at);
    }
  }
}

function toUse([secretKey, { clientKey, address, at }]: readonly [number, Noted]) {
  return { clientKey, secretKey, address, ageSeconds: (performance.now() - at) / 1000 };
}
