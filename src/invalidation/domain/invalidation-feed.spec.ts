import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FakeInvalidationLog } from '../../../test/support/fakes.js';
import { InvalidationFeed } from './invalidation-feed.js';
import type { Invalidations } from './invalidation-log.js';

interface Reading {
  readonly log: FakeInvalidationLog;
  readonly feed: InvalidationFeed;
  /** What a cache was told, in turn. */
  readonly told: (Invalidations | undefined)[];
}

// The outages are made on purpose.
beforeAll(() => Logger.overrideLogger(false));

const feeds: InvalidationFeed[] = [];

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.onModuleDestroy();
  jest.restoreAllMocks();
});

/** A feed that has begun, and has read once. */
async function reading(): Promise<Reading> {
  const log = new FakeInvalidationLog();
  const feed = new InvalidationFeed(log);
  feeds.push(feed);
  const told: (Invalidations | undefined)[] = [];
  feed.subscribe((invalidations) => told.push(invalidations));
  feed.isTrusted();
  await feed.readNow();
  return { log, feed, told };
}

/** A database that does not answer until it is let go. */
function held(log: FakeInvalidationLog): () => void {
  let release = (): void => undefined;
  log.answer = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  return () => {
    log.answer = () => Promise.resolve();
    release();
  };
}

describe('a feed', () => {
  it('reads nothing before a cache has asked', async () => {
    const log = new FakeInvalidationLog();
    const feed = new InvalidationFeed(log);
    await feed.readNow();
    expect(log.reads).toBe(0);
  });

  it('is not to be trusted before its first read, and tells the caches to begin empty', async () => {
    const log = new FakeInvalidationLog();
    const feed = new InvalidationFeed(log);
    feeds.push(feed);
    expect(feed.isTrusted()).toBe(false);
    const told: unknown[] = [];
    feed.subscribe((invalidations) => told.push(invalidations));
    await feed.readNow();
    expect(told).toEqual([undefined]);
    expect(feed.isTrusted()).toBe(true);
  });

  it('tells what each read brings, once, and counts it', async () => {
    const { log, feed, told } = await reading();
    const { version } = feed;
    log.clients = [7];
    log.tokens = ['digest'];
    await feed.readNow();
    await feed.readNow();
    expect(told.slice(1)).toEqual([{ clients: new Set([7]), tokens: new Set(['digest']) }]);
    expect(feed.version).toBe(version + 1);
  });

  it('reads on by itself, a few times a second', async () => {
    const { log } = await reading();
    const before = log.reads;
    await delay(700);
    expect(log.reads - before).toBeGreaterThanOrEqual(2);
    expect(log.reads - before).toBeLessThanOrEqual(4);
  });

  it('gives those who ask while a read is under way one that is sent after they asked', async () => {
    const { log, feed } = await reading();
    const before = log.reads;
    const release = held(log);
    const first = feed.readNow();
    await delay(10);
    const later = [feed.readNow(), feed.readNow()];
    release();
    await Promise.all([first, ...later]);
    expect(log.reads - before).toBe(2);
  });
});

describe('trust', () => {
  it('ends 700 ms after the sending of the last read, not its answer', async () => {
    const { log, feed } = await reading();
    held(log);
    await delay(600);
    expect(feed.isTrusted()).toBe(true);
    await delay(350);
    expect(feed.isTrusted()).toBe(false);
  });

  it('ends at once with a read that failed: what was killed here has to hold here', async () => {
    const { log, feed } = await reading();
    log.answer = () => Promise.reject(new Error('down'));
    expect(feed.isTrusted()).toBe(true);
    await feed.readNow();
    expect(feed.isTrusted()).toBe(false);
  });

  it('ends while the machine sleeps, which the steady clock does not tell', async () => {
    const { feed } = await reading();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + 5000);
    expect(feed.isTrusted()).toBe(false);
  });

  it('is not prolonged by a wall clock that is set back', async () => {
    const { log, feed } = await reading();
    held(log);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now - 3_600_000);
    await delay(950);
    expect(feed.isTrusted()).toBe(false);
  });

  it('comes back after an outage, with caches that begin empty', async () => {
    const { log, feed, told } = await reading();
    log.answer = () => Promise.reject(new Error('down'));
    await delay(950);
    expect(feed.isTrusted()).toBe(false);
    log.answer = () => Promise.resolve();
    await feed.readNow();
    expect(feed.isTrusted()).toBe(true);
    expect(told.at(-1)).toBeUndefined();
    expect(told).toHaveLength(2);
  });

  it('begins anew after a long sleep: by then others may have removed what it has not read', async () => {
    const { feed, told } = await reading();
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + 6000);
    await feed.readNow();
    expect(told.slice(1)).toEqual([undefined]);
  });

  it('begins anew at another server, whose transactions count differently', async () => {
    const { log, feed, told } = await reading();
    log.server = 'two';
    log.clients = [7];
    await feed.readNow();
    expect(told.slice(1)).toEqual([undefined]);
  });
});
