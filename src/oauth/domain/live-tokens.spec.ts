import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FakeInvalidationLog, FakeTokensRepository } from '../../../test/support/fakes.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import { tokenDigest } from '../../secrets/digests.js';
import type { LiveAccessToken } from './access-token.js';
import { LiveTokens } from './live-tokens.js';

const TOKEN = 'a'.repeat(30);
const DIGEST = tokenDigest(TOKEN);

class ScriptedTokens extends FakeTokensRepository {
  asked = 0;
  live = new Map([[DIGEST, aLiveToken()]]);
  /** Awaited after the look-up has seen the table, and before it answers. */
  crossing: () => Promise<void> = () => Promise.resolve();

  override async findLive(digest = DIGEST): Promise<LiveAccessToken | undefined> {
    this.asked += 1;
    const found = this.live.get(digest);
    await this.crossing();
    return found;
  }
}

function aLiveToken(traits: Partial<LiveAccessToken> = {}): LiveAccessToken {
  return {
    digest: DIGEST,
    clientKey: 1,
    claims: {
      clientId: 'billing',
      scopes: ['read'],
      audience: ['https://api.example.com'],
      issuedAt: new Date(),
      expiresAt: new Date(Date.now() + 60_000),
    },
    secondsLeft: 60,
    ...traits,
  };
}

// The outages are made on purpose.
beforeAll(() => Logger.overrideLogger(false));

const feeds: InvalidationFeed[] = [];

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.onModuleDestroy();
});

async function setUp(staleVerdictsSeconds = 0) {
  const log = new FakeInvalidationLog();
  const feed = new InvalidationFeed(log);
  feeds.push(feed);
  const store = new ScriptedTokens();
  const tokens = new LiveTokens(store, feed, { staleVerdictsSeconds });
  feed.isTrusted();
  await feed.readNow();
  return { log, feed, store, tokens };
}

function down(): Promise<never> {
  return Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));
}

describe('a live token', () => {
  it('is looked up once', async () => {
    const { tokens, store } = await setUp();
    expect(await tokens.find(DIGEST)).toMatchObject({ claims: { clientId: 'billing' } });
    expect(await tokens.find(DIGEST)).toMatchObject({ claims: { clientId: 'billing' } });
    expect(store.asked).toBe(1);
  });

  it.each<[string, { clients?: number[]; tokens?: string[]; server?: string }]>([
    ['the token was revoked', { tokens: [DIGEST] }],
    ['its client was changed', { clients: [1] }],
    ['the feed begins anew', { server: 'two' }],
  ])('is looked up again where %s', async (_what, told) => {
    const { tokens, store, feed, log } = await setUp();
    await tokens.find(DIGEST);
    store.live.clear();
    Object.assign(log, told);
    await feed.readNow();
    expect(await tokens.find(DIGEST)).toBeUndefined();
  });

  it('stays known where others were revoked or changed', async () => {
    const { tokens, store, feed, log } = await setUp();
    await tokens.find(DIGEST);
    log.clients = [2];
    log.tokens = [tokenDigest('another')];
    await feed.readNow();
    await tokens.find(DIGEST);
    expect(store.asked).toBe(1);
  });

  it('is looked up again once it has expired', async () => {
    const { tokens, store } = await setUp();
    store.live.set(DIGEST, aLiveToken({ secondsLeft: 0.05 }));
    await tokens.find(DIGEST);
    store.live.clear();
    await delay(60);
    expect(await tokens.find(DIGEST)).toBeUndefined();
  });

  it('is not remembered where its look-up crossed a revocation that was told meanwhile', async () => {
    const { tokens, store, feed, log } = await setUp();
    store.crossing = async () => {
      store.live.clear();
      log.tokens = [DIGEST];
      await feed.readNow();
    };
    // Live when it was asked, and no more when the answer comes.
    expect(await tokens.find(DIGEST)).toBeDefined();
    store.crossing = () => Promise.resolve();
    expect(await tokens.find(DIGEST)).toBeUndefined();
  });
});

describe('a token by itself', () => {
  async function presented() {
    const found = await setUp();
    await found.tokens.find(DIGEST);
    found.tokens.rememberPresented(TOKEN, aLiveToken());
    return found;
  }

  it('is found as it is by its digest, and only where that is known', async () => {
    const { tokens, store } = await presented();
    expect(tokens.findPresented(TOKEN)).toBe(await tokens.find(DIGEST));
    expect(store.asked).toBe(1);
    const other = 'b'.repeat(30);
    tokens.rememberPresented(other, aLiveToken({ digest: tokenDigest(other) }));
    expect(tokens.findPresented(other)).toBeUndefined();
  });

  it.each<[string, { clients?: number[]; tokens?: string[]; server?: string }]>([
    ['it was revoked', { tokens: [DIGEST] }],
    ['its client was changed', { clients: [1] }],
    ['another was revoked', { tokens: [tokenDigest('another')] }],
    ['the feed begins anew', { server: 'two' }],
  ])('is not found where %s', async (_what, told) => {
    const { tokens, feed, log } = await presented();
    Object.assign(log, told);
    await feed.readNow();
    expect(tokens.findPresented(TOKEN)).toBeUndefined();
  });

  it('is not believed where the log can not be read', async () => {
    const { tokens, feed, log } = await presented();
    log.answer = down;
    await feed.readNow();
    expect(tokens.findPresented(TOKEN)).toBeUndefined();
  });

  it('is not found once it has expired', async () => {
    const { tokens, store } = await setUp();
    store.live.set(DIGEST, aLiveToken({ secondsLeft: 0.3 }));
    await tokens.find(DIGEST);
    tokens.rememberPresented(TOKEN, aLiveToken());
    expect(tokens.findPresented(TOKEN)).toBeDefined();
    await delay(310);
    expect(tokens.findPresented(TOKEN)).toBeUndefined();
  });

  it('is kept for no longer than a second, however often it is asked for', async () => {
    const { tokens } = await presented();
    for (let asked = 0; asked < 3; asked += 1) {
      expect(tokens.findPresented(TOKEN)).toBeDefined();
      await delay(200);
    }
    await delay(420);
    expect(tokens.findPresented(TOKEN)).toBeUndefined();
    expect(await tokens.find(DIGEST)).toBeDefined();
  });

  it('is one of five thousand at most', async () => {
    const { tokens } = await presented();
    const many = Array.from({ length: 5000 }, (_, index) => String(index).padStart(30, 'c'));
    for (const token of many) tokens.rememberPresented(token, aLiveToken());
    expect(many.filter((token) => tokens.findPresented(token) !== undefined)).toHaveLength(4999);
  });
});

describe('a token that is not live', () => {
  it('is looked up each time: one issued elsewhere has to work at once', async () => {
    const { tokens, store } = await setUp();
    store.live.clear();
    expect(await tokens.find(DIGEST)).toBeUndefined();
    store.live.set(DIGEST, aLiveToken());
    expect(await tokens.find(DIGEST)).toBeDefined();
  });
});

describe('without a database', () => {
  async function outage(staleVerdictsSeconds: number) {
    const found = await setUp(staleVerdictsSeconds);
    await found.tokens.find(DIGEST);
    found.log.answer = down;
    found.store.findLive = down;
    await delay(950);
    return found;
  }

  it('nothing is said of a token past 700 ms', async () => {
    const { tokens } = await outage(0);
    await expect(tokens.find(DIGEST)).rejects.toThrow('down');
  });

  it('a token that is known is accepted as long as the operator allows, another never', async () => {
    const { tokens } = await outage(2);
    expect(await tokens.find(DIGEST)).toBeDefined();
    await expect(tokens.find(tokenDigest('unknown'))).rejects.toThrow('down');
    await delay(1300);
    await expect(tokens.find(DIGEST)).rejects.toThrow('down');
  });

  it('a kill that was told while the look-up was waited for is obeyed', async () => {
    const { tokens, store, log, feed } = await outage(60);
    log.answer = () => Promise.resolve();
    store.findLive = async () => {
      await feed.readNow();
      return down();
    };
    await expect(tokens.find(DIGEST)).rejects.toThrow('down');
  });

  it('a defect is no outage', async () => {
    const { tokens, store } = await outage(60);
    store.findLive = () => Promise.reject(new Error('a defect'));
    await expect(tokens.find(DIGEST)).rejects.toThrow('a defect');
  });
});
