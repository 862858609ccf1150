import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { aDomainClient, FakeTokenCounts } from '../../../test/support/fakes.js';
import { DomainError } from '../../errors/domain-error.js';
import { TokenQuota } from './token-quota.js';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const THIS_HOUR = NOW / HOUR;

let counts: FakeTokenCounts;
let nodes: TokenQuota[];

beforeEach(() => {
  Logger.overrideLogger(false);
  jest.useFakeTimers({ now: NOW });
  counts = new FakeTokenCounts();
  nodes = [];
});

afterEach(async () => {
  counts.failure = undefined;
  counts.delay = () => Promise.resolve();
  await seconds(5); // whatever still waits
  await Promise.all(nodes.map((node) => node.onModuleDestroy()));
  jest.useRealTimers();
});

function aNode(): TokenQuota {
  const node = new TokenQuota(counts);
  nodes.push(node);
  return node;
}

/** How many of so many tokens a node gives, asked for one after another. */
async function given(node: TokenQuota, asked: number, client = limited(5)): Promise<number> {
  let got = 0;
  for (let token = 0; token < asked; token += 1) {
    try {
      await node.take(client);
      got += 1;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'quota_exceeded') throw error;
    }
  }
  return got;
}

function limited(tokenQuota: number | null, key = 1) {
  return aDomainClient({ tokenQuota, key });
}

function seconds(count: number): Promise<void> {
  return jest.advanceTimersByTimeAsync(count * 1000);
}

describe('a quota', () => {
  it.each([0, 1, 5])('of %i gives that many tokens in an hour and no more', async (quota) => {
    expect(await given(aNode(), quota + 3, limited(quota))).toBe(quota);
  });

  it('of none gives every token, and asks the store for nothing', async () => {
    expect(await given(aNode(), 1000, limited(null))).toBe(1000);
    expect(counts.calls).toBe(0);
  });

  it('is of one client', async () => {
    const node = aNode();
    expect(await given(node, 9, limited(5, 1))).toBe(5);
    expect(await given(node, 9, limited(5, 2))).toBe(5);
  });

  it('holds for requests that come all at once', async () => {
    const node = aNode();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, async () => node.take(limited(5))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  });

  it('begins anew with the hour', async () => {
    const node = aNode();
    jest.setSystemTime(NOW + HOUR - 1);
    expect(await given(node, 9)).toBe(5);
    jest.setSystemTime(NOW + HOUR);
    expect(await given(node, 9)).toBe(5);
  });

  it.each([
    [0, 3600],
    [1, 3600],
    [HOUR - 1000, 1],
    [HOUR - 1, 1],
    [HOUR / 2, 1800],
  ])('that is used up %i ms into the hour says so, with %i s to wait', async (ms, wait) => {
    const taken = Promise.resolve(aNode().take(limited(0), NOW + ms));
    const refused: unknown = await taken.catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'quota_exceeded',
      context: {
        retryAfterSeconds: wait,
        headers: {
          'RateLimit-Policy': '"tokens";q=0;w=3600',
          RateLimit: `"tokens";r=0;t=${wait}`,
        },
      },
    });
  });
});

describe('several nodes', () => {
  it('add up every second', async () => {
    const [one, two] = [aNode(), aNode()];
    expect(await given(one, 3)).toBe(3);
    expect(await given(two, 1)).toBe(1);
    await seconds(1);
    await seconds(1);
    expect(counts.total(1, THIS_HOUR)).toBe(4);
    expect((await given(one, 9)) + (await given(two, 9))).toBe(2);
  });

  it('overrun a quota by no more than what they give in one second', async () => {
    const all = Array.from({ length: 3 }, aNode);
    for (const node of all) await given(node, 1);
    await seconds(2);
    let total = 3;
    for (const node of all) total += await given(node, 9);
    expect(total).toBe(3 + 3 * 2);
    await seconds(2);
    for (const node of all) expect(await given(node, 1)).toBe(0);
  });

  it('tell one that starts later what was given before', async () => {
    await given(aNode(), 4);
    await seconds(1);
    expect(await given(aNode(), 9)).toBe(1);
  });

  it('hear the last counts of one that ends', async () => {
    const ending = aNode();
    await given(ending, 4);
    await ending.onModuleDestroy();
    expect(counts.total(1, THIS_HOUR)).toBe(4);
    await seconds(10);
    expect(counts.total(1, THIS_HOUR)).toBe(4);
  });

  it('count each token once, over many seconds', async () => {
    const node = aNode();
    for (let second = 0; second < 10; second += 1) {
      await given(node, 2, limited(100));
      await seconds(1);
    }
    expect(counts.total(1, THIS_HOUR)).toBe(20);
  });
});

describe('a store that can not be reached', () => {
  it('keeps a node’s own count until it can, and loses none', async () => {
    const node = aNode();
    await given(node, 3);
    counts.failure = new Error('down');
    await seconds(5);
    expect(await given(node, 1)).toBe(1);
    counts.failure = undefined;
    await seconds(1);
    expect(counts.total(1, THIS_HOUR)).toBe(4);
  });

  it('is told to a client whose count is not known yet', async () => {
    counts.failure = new Error('down');
    await expect(aNode().take(limited(5))).rejects.toThrow('down');
  });

  // The next sync starts while the last one still waits, and adds the same tokens once more.
  it('but answers slowly counts each token once', async () => {
    const node = aNode();
    await given(node, 4, limited(100));
    counts.delay = () => new Promise((resolve) => setTimeout(resolve, 1500));
    await seconds(2.1);
    expect(counts.total(1, THIS_HOUR)).toBe(4);
  });

  // sync() forgets the client by its key, when that has the tally of the new hour already.
  it('but answers slowly over the turn of the hour loses no token of the new one', async () => {
    const node = aNode();
    jest.setSystemTime(NOW + HOUR - 1500);
    await given(node, 1, limited(100));
    let answer = (): void => undefined;
    await seconds(0.9);
    counts.delay = () => new Promise((resolve) => (answer = resolve));
    await seconds(0.2);
    counts.delay = () => Promise.resolve();
    jest.setSystemTime(NOW + HOUR);
    await given(node, 3, limited(100));
    answer();
    await seconds(5);
    expect(counts.total(1, THIS_HOUR + 1)).toBe(3);
  });
});

describe('a node at rest', () => {
  it('forgets a client after its hour, and asks the store no more', async () => {
    const node = aNode();
    await given(node, 1);
    jest.setSystemTime(NOW + HOUR);
    await seconds(2);
    const { calls } = counts;
    await seconds(60);
    expect(counts.calls).toBe(calls);
    expect(await given(node, 1)).toBe(1);
    await seconds(1);
    expect(counts.total(1, THIS_HOUR + 1)).toBe(1);
  });
});
