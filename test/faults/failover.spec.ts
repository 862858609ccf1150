/**
 * A primary dies and its standby is promoted. Real: the built server, a primary and a synchronous
 * standby of Debian's PostgreSQL 15, SIGKILL.
 */
import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { basic, postForm, send } from '../support/http.js';
import { startProcess, type ServerProcess } from '../support/server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };

describeWithDebianPostgres('A failover to a synchronous standby', () => {
  describe.each(['dies', 'goes silent'] as const)('of a primary that %s', (how) => {
    failover(how);
  });
});

function failover(how: 'dies' | 'goes silent'): void {
  let primary: DebianPostgres;
  let standby: DebianPostgres;
  /** In the way to the primary. */
  let proxy: TcpProxy;
  let server: ServerProcess;
  const tokens: string[] = [];

  beforeAll(async () => {
    primary = await DebianPostgres.make();
    await primary.start();
    standby = await DebianPostgres.standbyOf(primary, 'second');
    await standby.start();
    await primary.query(`ALTER SYSTEM SET synchronous_standby_names = 'second'`);
    await primary.query('SELECT pg_reload_conf()');
    await untilSynchronous(primary);
    proxy = await TcpProxy.start(primary.url);
    // The standby stands first: it is the role of a host that counts, not its place.
    const hosts = `${standby.address},127.0.0.1:${proxy.port}`;
    server = await startProcess({
      DATABASE_URL: `postgres://postern@${hosts}/postgres`,
      ADMIN_CLIENT_ID: admin.clientId,
      ADMIN_CLIENT_SECRET: admin.clientSecret,
      SHUTDOWN_DRAIN_MS: '0',
    });
  });

  afterAll(async () => {
    await server?.stop('SIGKILL');
    await proxy?.close();
    await Promise.all([primary?.remove(), standby?.remove()]);
  });

  const ask = () =>
    postForm(
      `${server.baseUrl}/o/token/`,
      { grant_type: 'client_credentials', scope: 'admin' },
      { Authorization: basic(admin) },
    );

  /** Asks on and on; keeps what was given, and everything else that was said. */
  async function load(until: AbortSignal): Promise<Awaited<ReturnType<typeof ask>>[]> {
    const refused = [];
    while (!until.aborted) {
      const answer = await ask();
      if (answer.status === 200) tokens.push(String(answer.body.access_token));
      else refused.push(answer);
      await delay(5);
    }
    return refused;
  }

  it('is 503 with Retry-After meanwhile, and service within 2 s of the promotion', async () => {
    const over = new AbortController();
    const callers = Array.from({ length: 8 }, () => load(over.signal));
    while (tokens.length < 200) await delay(20);
    // Packets are lost from now on, in both directions; nobody is told.
    if (how === 'goes silent') proxy.set({ kind: 'stall', direction: 'both' });
    await primary.kill();
    await delay(5000);
    const answered = tokens.length;
    const during = performance.now();
    const refusal = await ask();
    expect(tokens.length).toBe(answered);
    expect(refusal.status).toBe(503);
    expect(refusal.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(performance.now() - during).toBeLessThan(3000);
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(503);
    expect((await send(`${server.baseUrl}/health/live`)).status).toBe(200);
    const before = tokens.length;
    const promotedAt = performance.now();
    await standby.query('SELECT pg_promote()');
    while (tokens.length === before && performance.now() - promotedAt < 10_000) await delay(5);
    const servedAfterMs = performance.now() - promotedAt;
    await delay(500);
    over.abort();
    const refused = (await Promise.all(callers)).flat();
    process.stderr.write(
      `service ${Math.round(servedAfterMs)} ms after the promotion of the standby of one that ${how}\n`,
    );
    expect(servedAfterMs).toBeLessThan(2000);
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
    expect(refused.every(({ headers }) => headers.has('retry-after'))).toBe(true);
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
  });

  it('loses no token that was answered', async () => {
    expect(tokens.length).toBeGreaterThan(200);
    for (const token of tokens) {
      const headers = { Authorization: `Bearer ${token}` };
      expect((await send(`${server.baseUrl}/access-rules/`, { headers })).status).toBe(200);
    }
    // In the store too, not in a cache alone.
    const [row] = await standby.query<{ kept: number }>(
      'SELECT count(*)::integer AS kept FROM oauth_access_token',
    );
    expect(row?.kept).toBeGreaterThanOrEqual(tokens.length);
  });
}

/** The new setting counts a little later. */
async function untilSynchronous(primary: DebianPostgres): Promise<void> {
  const end = performance.now() + 10_000;
  for (;;) {
    const [replica] = await primary.query<{ state: string }>(
      'SELECT sync_state AS state FROM pg_stat_replication',
    );
    if (replica?.state === 'sync') return;
    if (performance.now() > end) throw new Error(`the standby is ${replica?.state ?? 'not there'}`);
    await delay(50);
  }
}
