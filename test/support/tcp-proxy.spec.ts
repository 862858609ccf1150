/** The proxy that tests make the database fail with. Real: PostgreSQL, node-postgres, TCP. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { createDatabase, type TestDatabase } from './database.js';
import { TcpProxy } from './tcp-proxy.js';

const A_WHILE_MS = 150;

let database: TestDatabase;
let proxy: TcpProxy;
let clients: Client[];

beforeEach(async () => {
  database = await createDatabase('empty');
  proxy = await TcpProxy.start(database.url);
  clients = [];
});

afterEach(async () => {
  await proxy.close();
  await Promise.allSettled(clients.map((client) => client.end()));
  await database.drop();
});

async function connected(applicationName: string): Promise<Client> {
  const client = new Client({ connectionString: proxy.url, application_name: applicationName });
  client.on('error', () => undefined);
  clients.push(client);
  await client.connect();
  return client;
}

async function ask(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ one: number }>('SELECT 1 AS one');
  return rows[0]?.one;
}

/** What comes first: the answer, or nothing in a while. */
function within(answer: Promise<unknown>): Promise<unknown> {
  return Promise.race([answer, delay(A_WHILE_MS, 'nothing')]);
}

describe('the proxy', () => {
  it('passes everything on, and knows its connections by their name', async () => {
    const client = await connected('one');
    await connected('other');
    const { rows } = await client.query<{ text: string }>(`SELECT repeat('x', 1000000) AS text`);
    expect(rows[0]?.text).toHaveLength(1_000_000);
    expect([proxy.count('one'), proxy.count('none'), proxy.count()]).toEqual([1, 0, 2]);
    await client.end();
    expect(proxy.count()).toBe(1);
  });

  it('resets the connections there are', async () => {
    const client = await connected('one');
    const running = client.query('SELECT pg_sleep(10)');
    proxy.cut();
    await expect(running).rejects.toThrow(/ECONNRESET/);
    expect(await ask(await connected('one'))).toBe(1);
  });

  it('refuses new ones, of all names or of one', async () => {
    const old = await connected('one');
    proxy.set({ kind: 'refuse' }, 'one');
    await expect(connected('one')).rejects.toThrow(/ECONNRESET|terminated/);
    expect(await ask(await connected('other'))).toBe(1);
    proxy.set({ kind: 'refuse' });
    await expect(connected('other')).rejects.toThrow(/ECONNRESET|terminated/);
    expect(await ask(old)).toBe(1);
    proxy.pass();
    expect(await ask(await connected('one'))).toBe(1);
  });

  it.each(['forth', 'back', 'both'] as const)(
    'stalls one name %s without a sign, and lets it arrive later',
    async (direction) => {
      const [client, other] = [await connected('one'), await connected('other')];
      proxy.set({ kind: 'stall', direction }, 'one');
      const answer = ask(client);
      expect(await within(answer)).toBe('nothing');
      expect(await within(ask(other))).toBe(1);
      expect(await within(connected('one'))).toBe('nothing');
      proxy.pass();
      expect(await answer).toBe(1);
    },
  );

  it('tells a stall on the way forth from one on the way back', async () => {
    await database.query('CREATE TABLE thing (id integer)');
    const client = await connected('one');
    const rows = () => database.query('SELECT FROM thing');
    proxy.set({ kind: 'stall', direction: 'back' });
    const answer = client.query('INSERT INTO thing VALUES (1)');
    await within(answer);
    expect(await rows()).toHaveLength(1);
    proxy.pass();
    await answer;
    proxy.set({ kind: 'stall', direction: 'forth' });
    const next = client.query('INSERT INTO thing VALUES (2)');
    await within(next);
    expect(await rows()).toHaveLength(1);
    proxy.pass();
    await next;
    expect(await rows()).toHaveLength(2);
  });

  it('delays each way', async () => {
    const client = await connected('one');
    proxy.set({ kind: 'delay', ms: 100 });
    const start = performance.now();
    expect(await ask(client)).toBe(1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(195);
  });

  it('leaves connections half open: one end gone, the other never told', async () => {
    const client = await connected('one');
    proxy.halfOpen();
    expect(await within(ask(client))).toBe('nothing');
    const open = () =>
      database.query(`SELECT FROM pg_stat_activity WHERE application_name = 'one'`);
    expect(await open()).toEqual([]);
    expect(proxy.count('one')).toBe(1);
    expect(await ask(await connected('one'))).toBe(1);
  });
});
