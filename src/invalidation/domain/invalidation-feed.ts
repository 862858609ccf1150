import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { InvalidationLog, type Invalidations, type LogPosition } from './invalidation-log.js';

/** From the sending of one read to that of the next. */
const EVERY_MS = 200;
/**
 * How long after the sending of a read what it left standing may be believed. With the time that an
 * answer takes, it is less than the second in which a kill has to hold on every node.
 */
const TRUSTED_MS = 700;
/** Whoever has not read for so long begins anew: by then others may remove what it has not seen. */
const GIVE_UP_MS = 5000;
/** How long what was read is kept: far longer than anybody goes on without a read. */
const FORGET_AFTER_MS = 600_000;

const LAST_READ = new Gauge({
  name: 'postern_invalidation_last_read_timestamp_seconds',
  help: 'When the invalidation log was last read; where that is longer than 0.7 s ago, every check asks the database',
  aggregator: 'min',
});

/** Told what has become untrue; undefined: whatever was read before may be. */
export type InvalidationListener = (invalidations: Invalidations | undefined) => void;

/** An instant by two clocks: one that no one sets, and one that goes on while a machine sleeps. */
interface Instant {
  readonly steady: number;
  readonly wall: number;
}

/**
 * Tells the caches of this node what this node or another one has killed: it reads the log a few
 * times a second. The reading is its own heartbeat: where it fails or stalls, {@link isTrusted}
 * turns false by itself, and every look-up asks the database until it works again.
 *
 * It begins when it is first asked, so that a process without caches reads nothing.
 */
@Injectable()
export class InvalidationFeed implements OnModuleDestroy {
  private readonly logger = new Logger('Invalidation');
  private readonly listeners: InvalidationListener[] = [];
  private position: LogPosition | undefined;
  private lastRead: Instant | undefined;
  private running: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  /** From where on the log is kept, and since when that is known. */
  private kept: { readonly from: LogPosition; readonly at: number } | undefined;
  private forgetting: LogPosition | undefined;
  private state: 'idle' | 'reading' | 'failing' | 'ended' = 'idle';
  private applied = 0;

  /** The first request that asks must not lend its id to every later line of the log. */
  private readonly outsideRequests = AsyncLocalStorage.snapshot();

  constructor(private readonly log: InvalidationLog) {}

  /** Lets a cache know what to drop. */
  subscribe(listener: InvalidationListener): void {
    this.listeners.push(listener);
  }

  /**
   * Counts what has been told to the caches. An answer of the database may enter a cache only where
   * this is still what it was when the question was sent: else the answer may have crossed a kill
   * that the caches have been told of already, and nobody would tell them again.
   */
  get version(): number {
    return this.applied;
  }

  /**
   * Whether what is in a cache may be believed at this moment: not after a failed read, so that what
   * is killed here holds here at once, also where it could not be read back.
   *
   * @param now this moment, by `performance.now()`
   */
  isTrusted(now = performance.now()): boolean {
    return this.ageMs(now) <= TRUSTED_MS && this.state !== 'failing';
  }

  /** How long ago the last successful read was sent, in milliseconds. */
  ageMs(now = performance.now()): number {
    if (this.state === 'idle') this.begin();
    if (this.lastRead === undefined) return Infinity;
    const { steady, wall } = this.lastRead;
    return Math.max(now - steady, Date.now() - wall);
  }

  /**
   * Reads the log by a read that is sent after this was called, so that what was committed before
   * is known here when it returns. Where that fails, nothing is trusted any more.
   */
  async readNow(): Promise<void> {
    if (this.state === 'idle' || this.state === 'ended') return;
    await this.readAfterThis();
  }

  onModuleDestroy(): void {
    this.state = 'ended';
    clearTimeout(this.timer);
  }

  private begin(): void {
    this.state = 'reading';
    this.outsideRequests(() => void this.readAfterThis());
  }

  /** One read at a time; those who ask while one is under way share the next. */
  private readAfterThis(): Promise<void> {
    this.next ??= this.running.then(() => {
      this.next = undefined;
      this.running = this.read();
      return this.running;
    });
    return this.next;
  }

  private async read(): Promise<void> {
    clearTimeout(this.timer);
    const sent = { steady: performance.now(), wall: Date.now() };
    try {
      const since = this.ageMs() > GIVE_UP_MS ? undefined : this.position;
      const { position, clients, tokens } = await this.log.read(since);
      this.position = position;
      if (since?.server !== position.server) this.beginAnew();
      else if (clients.size + tokens.size > 0) this.tell({ clients, tokens });
      this.succeeded(sent);
      await this.forget(position, sent.steady);
    } catch (error) {
      this.failed(error);
    }
    if (this.state === 'ended') return;
    const wait = Math.max(0, EVERY_MS - (performance.now() - sent.steady));
    this.timer = setTimeout(() => void this.readAfterThis(), wait).unref();
  }

  private tell(invalidations: Invalidations | undefined): void {
    this.applied += 1;
    for (const listener of this.listeners) listener(invalidations);
  }

  private succeeded(sent: Instant): void {
    this.lastRead = sent;
    LAST_READ.set(sent.wall / 1000);
    if (this.state === 'failing') {
      this.state = 'reading';
      this.logger.log({ msg: 'the invalidation log is read again' });
    }
  }

  private beginAnew(): void {
    this.kept = undefined;
    this.forgetting = undefined;
    this.tell(undefined);
  }

  /** A part at a time, between the reads, which it must not hold up. */
  private async forget(present: LogPosition, now: number): Promise<void> {
    this.kept ??= { from: present, at: now };
    if (now - this.kept.at > FORGET_AFTER_MS) {
      this.forgetting = this.kept.from;
      this.kept = { from: present, at: now };
    }
    if (this.forgetting === undefined) return;
    if (!(await this.log.forget(this.forgetting))) this.forgetting = undefined;
  }

  /** After a gap nothing is believed: the next position is a new beginning. */
  private failed(err: unknown): void {
    this.position = undefined;
    if (this.state !== 'reading') return;
    this.state = 'failing';
    this.logger.warn({
      msg: 'the invalidation log can not be read: until it can, every check asks the database',
      err,
    });
  }
}
