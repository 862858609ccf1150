/**
 * A dump restored on another server. Real: two of Debian's PostgreSQL 15 with its `pg_dump` and
 * `psql`, and processes of the built server on each.
 */
import { expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { administrator, credentialsIn, type Administrator } from '../support/administrator.js';
import type { StoredClient } from '../support/builders.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { basic, getToken, postForm, send } from '../support/http.js';
import { startServerNodes, type ServerNodes } from '../support/server-nodes.js';

/** So that the numbers of the old server's transactions mean something else on the new one. */
const MANY_TRANSACTIONS = `DO $$ BEGIN
  FOR round IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`;
const GRANT = { grant_type: 'client_credentials' };

describeWithDebianPostgres('A dump that was restored on another server', () => {
  let old: DebianPostgres;
  let restored: DebianPostgres;
  let before: Before;
  let servers: ServerNodes;
  let admin: Administrator;
  const settings = { KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const theAdmin: StoredClient = {
    clientId: 'boss',
    clientSecret: randomBytes(20).toString('hex'),
  };
  const environment = {
    ...settings,
    ADMIN_CLIENT_ID: theAdmin.clientId,
    ADMIN_CLIENT_SECRET: theAdmin.clientSecret,
  };

  /** What there was when it was dumped. */
  interface Before {
    readonly client: StoredClient;
    readonly oldSecret: StoredClient;
    readonly disabled: StoredClient;
    readonly opaque: string;
    readonly jwt: string;
    readonly revoked: string;
    readonly ofDisabled: string;
    readonly events: number;
  }

  beforeAll(async () => {
    [old, restored] = [await DebianPostgres.make(), await DebianPostgres.make()];
    await Promise.all([old.start(), restored.start()]);
    await old.query(MANY_TRANSACTIONS);
    const first = await startServerNodes(old, [environment]);
    try {
      before = await fill(first);
    } finally {
      await first.stop();
    }
    const dump = await old.tool('pg_dump');
    await restored.tool('psql', ['-q', '-v', 'ON_ERROR_STOP=1'], dump);
    servers = await startServerNodes(restored, [environment, environment]);
    admin = await administrator(node(0), theAdmin);
  }, 120_000);

  afterAll(async () => {
    await servers?.stop();
    await Promise.all([old?.remove(), restored?.remove()]);
  });

  const node = (index: number): string => servers.nodes[index]?.baseUrl ?? '';

  async function fill({ nodes }: ServerNodes): Promise<Before> {
    const baseUrl = nodes[0]?.baseUrl ?? '';
    const boss = await administrator(baseUrl, theAdmin);
    const make = async (more: object = {}): Promise<StoredClient> =>
      credentialsIn(
        await boss.call('POST', '/clients/', { client_name: 'Kept', scope: 'read', ...more }),
      );
    const [oldSecret, disabled, forJwt] = [
      await make(),
      await make(),
      await make({ access_token_format: 'jwt' }),
    ];
    const [opaque, revoked, ofDisabled, jwt] = [
      await getToken(baseUrl, oldSecret),
      await getToken(baseUrl, oldSecret),
      await getToken(baseUrl, disabled),
      await getToken(baseUrl, forJwt),
    ];
    await revoke(baseUrl, oldSecret, revoked);
    const rotation = { expires_previous_in: 0 };
    const path = `/clients/${oldSecret.clientId}/secrets`;
    const { body } = await boss.call('POST', path, rotation);
    await boss.call('PATCH', `/clients/${disabled.clientId}`, { enabled: false });
    const client = { ...oldSecret, clientSecret: String(body.client_secret) };
    const [row] = await old.query<{ events: number }>(
      'SELECT count(*)::int AS events FROM audit_event',
    );
    return {
      client,
      oldSecret,
      disabled,
      opaque,
      jwt,
      revoked,
      ofDisabled,
      events: row?.events ?? 0,
    };
  }

  async function revoke(baseUrl: string, client: StoredClient, token: string): Promise<void> {
    const headers = { Authorization: basic(client) };
    expect((await postForm(`${baseUrl}/o/revoke_token/`, { token }, headers)).status).toBe(200);
  }

  async function statusOf(token: string, baseUrl: string): Promise<number> {
    const headers = { Authorization: `Bearer ${token}` };
    return (await send(`${baseUrl}/scopes/`, { headers })).status;
  }

  const atBoth = (token: string): Promise<number[]> =>
    Promise.all([statusOf(token, node(0)), statusOf(token, node(1))]);

  it('has the tokens that were live, opaque ones and JWTs, and none of the others', async () => {
    expect(await atBoth(before.opaque)).toEqual([200, 200]);
    expect(await atBoth(before.jwt)).toEqual([200, 200]);
    expect(await atBoth(before.revoked)).toEqual([401, 401]);
    expect(await atBoth(before.ofDisabled)).toEqual([401, 401]);
  });

  it('lets in by the secrets that worked, and by none of the others', async () => {
    const ask = async (client: StoredClient): Promise<number> =>
      (await postForm(`${node(1)}/o/token/`, GRANT, { Authorization: basic(client) })).status;
    expect(await ask(theAdmin)).toBe(200);
    expect(await ask(before.client)).toBe(200);
    expect(await ask(before.oldSecret)).toBe(401);
    expect(await ask(before.disabled)).toBe(401);
  });

  it('is administered as before: new clients, and a trail that goes on and can not be changed', async () => {
    const made = await admin.call('POST', '/clients/', { client_name: 'New', scope: 'read' });
    expect(made.status).toBe(201);
    expect(await atBoth(await getToken(node(1), credentialsIn(made)))).toEqual([200, 200]);
    const count = 'SELECT count(*)::int AS events FROM audit_event';
    const [row] = await restored.query<{ events: number }>(count);
    expect(row?.events).toBeGreaterThan(before.events);
    await expect(restored.query("UPDATE audit_event SET actor = 'x'")).rejects.toThrow(/audit/);
  });

  it('tells every node of what is killed', async () => {
    const token = await getToken(node(0), before.client);
    expect(await atBoth(token)).toEqual([200, 200]);
    await revoke(node(0), before.client, token);
    const end = performance.now() + 10_000;
    while ((await statusOf(token, node(1))) !== 401 && performance.now() < end) await delay(50);
    expect(await atBoth(token)).toEqual([401, 401]);
    // What came with the dump is passed over, and nobody asks for each token at each check.
    const foreign = 'SELECT FROM invalidation WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())';
    expect((await restored.query(foreign)).length).toBeGreaterThan(0);
  });
});
