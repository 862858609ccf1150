import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  aDomainClient,
  aSecret,
  FakeClientsRepository,
  FakeInvalidationLog,
} from '../../../test/support/fakes.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import type { Client } from './client.js';
import { KnownClients } from './known-clients.js';

/** Clients whose look-ups a test lets go of by hand, once it holds them. */
class HeldClients extends FakeClientsRepository {
  private readonly waiting: (() => void)[] = [];
  holds = false;

  override async findByClientId(clientId: string): Promise<Client | undefined> {
    const found = await super.findByClientId(clientId);
    if (this.holds) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return found;
  }

  async letGo(): Promise<void> {
    this.waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// The outages are made on purpose.
beforeAll(() => Logger.overrideLogger(false));

const feeds: InvalidationFeed[] = [];

afterEach(() => {
  for (const feed of feeds.splice(0)) feed.onModuleDestroy();
});

async function setUp(...clients: Client[]) {
  const log = new FakeInvalidationLog();
  const feed = new InvalidationFeed(log);
  feeds.push(feed);
  const store = new HeldClients(clients);
  const known = new KnownClients(store, feed);
  feed.isTrusted();
  await feed.readNow();
  return { log, feed, store, known };
}

describe('a client that was read', () => {
  it('is known from then on', async () => {
    const client = aDomainClient();
    const { known, store } = await setUp(client);
    expect(known.find('billing')).toBeUndefined();
    await known.read('billing');
    expect(known.find('billing')).toBe(client);
    expect(store.asked).toEqual(['billing']);
  });

  it('is forgotten when the feed names it, and when the feed begins anew', async () => {
    const { known, feed, log } = await setUp(
      aDomainClient({ key: 1 }),
      aDomainClient({ key: 2, clientId: 'other' }),
    );
    await Promise.all([known.read('billing'), known.read('other')]);
    log.clients = [1];
    await feed.readNow();
    expect(known.find('billing')).toBeUndefined();
    expect(known.find('other')).toBeDefined();
    log.server = 'two';
    await feed.readNow();
    expect(known.find('other')).toBeUndefined();
  });

  it('is not believed while the feed is not to be trusted', async () => {
    const { known, log } = await setUp(aDomainClient());
    await known.read('billing');
    log.answer = () => Promise.reject(new Error('down'));
    await new Promise((resolve) => setTimeout(resolve, 950));
    expect(known.find('billing')).toBeUndefined();
  });

  it('is read anew when one of its secrets ends', async () => {
    const ends = aSecret('right', { endsInSeconds: 0.05 });
    const { known } = await setUp(aDomainClient({ secrets: [ends, aSecret('other')] }));
    await known.read('billing');
    expect(known.find('billing')).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(known.find('billing')).toBeUndefined();
  });

  it('is known again where one that ended long ago is among its secrets', async () => {
    const ended = aSecret('right', { endsInSeconds: -5 });
    const { known } = await setUp(aDomainClient({ secrets: [ended] }));
    await known.read('billing');
    expect(known.find('billing')).toBeDefined();
  });

  it('is not known where the look-up crossed a kill that the caches were told of', async () => {
    const { known, store, feed, log } = await setUp(aDomainClient());
    store.holds = true;
    const look = known.read('billing');
    await new Promise((resolve) => setImmediate(resolve));
    log.clients = [1];
    await feed.readNow();
    await store.letGo();
    expect(await look).toBeDefined();
    expect(known.find('billing')).toBeUndefined();
  });

  it('that does not exist is not known', async () => {
    const { known } = await setUp();
    expect(await known.read('nobody')).toBeUndefined();
    expect(known.find('nobody')).toBeUndefined();
  });
});

describe('reading a client', () => {
  it('is one look-up for all who ask while another is under way, and that one is sent later', async () => {
    const { known, store } = await setUp(aDomainClient());
    store.holds = true;
    const first = known.read('billing');
    const later = [known.read('billing'), known.read('billing')];
    await new Promise((resolve) => setImmediate(resolve));
    const changed = aDomainClient({ clientName: 'Changed since' });
    store.clients = [changed];
    await store.letGo();
    await store.letGo();
    expect((await first)?.clientName).toBe('Billing');
    expect(await Promise.all(later)).toEqual([changed, changed]);
    expect(store.asked).toHaveLength(2);
  });

  it('works again after a look-up that failed', async () => {
    const { known, store } = await setUp(aDomainClient());
    const find = store.findByClientId.bind(store);
    store.findByClientId = () => Promise.reject(new Error('down'));
    const failing = [known.read('billing'), known.read('billing')];
    for (const attempt of failing) await expect(attempt).rejects.toThrow('down');
    store.findByClientId = find;
    expect(await known.read('billing')).toBeDefined();
  });
});
