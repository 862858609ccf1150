import { execFile, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { aClient, type StoredClient } from '../support/builders.js';
import { getToken, send } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';
import { describeInBrowser, launchChromium } from './support/chromium.js';
import { watchPage, type PageWatch } from './support/page-watch.js';
import { SwaggerUiPage } from './support/swagger-ui.page.js';

const NOTHING: PageWatch = { errors: [], foreignRequests: [], passwordBoxes: [] };
const READS = 'A partner that reads';
const ROTATE = 'Rotate: the old secrets work for 24 hours more';
const LEAKED = 'Leaked: the old secrets and their tokens die now';
const DISABLE = 'Switch it off, its tokens for good';

// Real: the built server, PostgreSQL and a browser.
describeInBrowser('Administration in Swagger UI', () => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  let docs: SwaggerUiPage;
  let watch: PageWatch;
  /** The questions that the page has asked. */
  let questions: string[];
  let agree: boolean;

  beforeAll(async () => {
    server = await startServer();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  beforeEach(async () => {
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(10_000);
    questions = [];
    agree = true;
    page.on('dialog', (dialog) => {
      questions.push(dialog.message());
      void (agree ? dialog.accept() : dialog.dismiss());
    });
    watch = await watchPage(page, server.baseUrl);
    docs = new SwaggerUiPage(page);
    await docs.open(`${server.baseUrl}/docs`);
  });

  afterEach(async () => {
    await page.context().close();
  });

  /** Creates a client by clicking. */
  async function createClient(): Promise<StoredClient> {
    await docs.chooseExample('createClient', READS);
    expect(await docs.execute('createClient')).toMatchObject({ shownStatus: 201 });
    const body = await docs.shownBody('createClient');
    return { clientId: String(body.client_id), clientSecret: String(body.client_secret) };
  }

  /** What a protected route says to a token. */
  async function statusWith(token: string): Promise<number> {
    const headers = { Authorization: `Bearer ${token}` };
    return (await send(`${server.baseUrl}/scopes/`, { headers })).status;
  }

  it('a client is created, read, listed, rotated, disabled and deleted by clicking', async () => {
    const adminToken = await docs.logIn(server.admin);
    const client = await createClient();
    expect(client.clientSecret).toMatch(/^pst_\w{40}$/);
    const token = await getToken(server.baseUrl, client);

    await docs.execute('listClients');
    expect(JSON.stringify(await docs.shownBody('listClients'))).toContain(client.clientId);
    expect(await docs.shownAnswer('listClients')).not.toContain(client.clientSecret);

    await docs.chooseExample('createClientSecret', ROTATE);
    expect(await docs.execute('createClientSecret')).toMatchObject({ shownStatus: 201 });
    const rotated = String((await docs.shownBody('createClientSecret')).client_secret);
    expect(await getToken(server.baseUrl, client)).toMatch(/./);
    expect(await getToken(server.baseUrl, { ...client, clientSecret: rotated })).toMatch(/./);
    expect(questions).toEqual([]);

    await docs.chooseExample('createClientSecret', LEAKED);
    expect(await docs.execute('createClientSecret')).toMatchObject({ shownStatus: 201 });
    expect(questions.pop()).toMatch(`Rotate the secrets of the client ${client.clientId} now?`);
    const last = String((await docs.shownBody('createClientSecret')).client_secret);
    await expect(getToken(server.baseUrl, client)).rejects.toThrow('invalid_client');
    expect(await statusWith(token)).toBe(401);

    const lastToken = await getToken(server.baseUrl, { ...client, clientSecret: last });
    await docs.chooseExample('updateClient', DISABLE);
    expect(await docs.execute('updateClient')).toMatchObject({ shownStatus: 200 });
    expect(questions.pop()).toMatch(`Disable the client ${client.clientId}?`);
    expect(await docs.shownBody('updateClient')).toMatchObject({ enabled: false });
    expect(await statusWith(lastToken)).toBe(401);

    expect(await docs.execute('deleteClient')).toMatchObject({ shownStatus: 204 });
    expect(questions).toEqual([expect.stringContaining(`Delete the client ${client.clientId}?`)]);
    const headers = { Authorization: `Bearer ${adminToken}` };
    expect(await send(`${server.baseUrl}/clients/${client.clientId}`, { headers })).toMatchObject({
      status: 404,
    });

    const stored = await docs.storedText();
    const secrets = [server.admin.clientSecret, adminToken, client.clientSecret, rotated, last];
    expect(secrets.filter((secret) => stored.includes(secret))).toEqual([]);
    expect(watch).toEqual(NOTHING);
  });

  it('what can not be undone asks first; dismissed, nothing is sent, and the page says so', async () => {
    await docs.logIn(server.admin);
    const client = await createClient();
    const token = await getToken(server.baseUrl, client);
    await docs.chooseExample('updateClient', DISABLE);
    await docs.chooseExample('createClientSecret', LEAKED);
    docs.sent.length = 0;
    agree = false;
    for (const id of ['updateClient', 'createClientSecret', 'revokeClientTokens', 'deleteClient']) {
      expect(await docs.execute(id)).toMatchObject({ shownStatus: Number.NaN });
      expect(questions.pop()).toContain(client.clientId);
      expect(await docs.shownAnswer(id)).toContain('Not sent. You chose not to');
    }
    expect(docs.sent).toEqual([]);
    expect(await statusWith(token)).toBe(200);

    agree = true;
    expect(await docs.execute('revokeClientTokens')).toMatchObject({ shownStatus: 204 });
    expect(questions).toEqual([expect.stringContaining('Kill every token of the client')]);
    expect(await statusWith(token)).toBe(401);
    expect(watch).toEqual(NOTHING);
  });

  it('each operation succeeds as it is filled in, in the order of the page', async () => {
    await docs.logIn(server.admin);
    const ids = await docs.operationIds();
    // Whether a client may rotate its own secret is the client's; an administrator's may not.
    const executed = ids.filter((id) => id !== 'rotateOwnSecret');
    // The client goes last; and only a person knows which of its secrets is to go.
    executed.sort(
      (one, other) => Number(one === 'deleteClient') - Number(other === 'deleteClient'),
    );
    const statuses: Record<string, number> = {};
    let secretId = '';
    for (const id of executed) {
      if (id === 'deleteClientSecret') await docs.fillIn(id, 'secret_id', secretId);
      statuses[id] = (await docs.execute(id)).shownStatus;
      if (id === 'getClient') {
        const { secrets } = await docs.shownBody(id);
        secretId = (secrets as { secret_id: string }[])[0]?.secret_id ?? '';
      }
      await docs.close(id);
    }
    expect(Object.entries(statuses).filter(([, status]) => !(status < 300))).toEqual([]);
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['createClient', 'deleteClient']));
    expect(watch).toEqual(NOTHING);
  }, 120_000);

  it('tags stand in the order of work, with a sentence each', async () => {
    const tags = await docs.tags();
    const order = [
      'Get a token',
      'Clients',
      'Secrets',
      'Scopes',
      'Audit',
      'Operations',
      'Discover',
    ];
    const places = order.map((name) => tags.findIndex((tag) => tag.startsWith(name)));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(tags.filter((tag) => !/\w.*\n*.*\.$/s.test(tag.trim()))).toEqual([]);
  });

  it('what was created is filled in, but for what somebody typed', async () => {
    await docs.logIn(server.admin);
    await docs.fillIn('getClient', 'client_id', 'my-own');
    const { clientId } = await createClient();
    expect(await docs.parameter('getClient', 'client_id')).toBe('my-own');
    expect(await docs.parameter('deleteClient', 'client_id')).toBe(clientId);
    const next = await createClient();
    expect(await docs.parameter('deleteClient', 'client_id')).toBe(next.clientId);
  });

  it('a hostile name is text, and turns no writing round but its own', async () => {
    const name =
      '<img src=x onerror=alert(1)> \u202Egnp.exe\u200F **bold** [x](javascript:alert(2))';
    await docs.logIn(server.admin);
    await docs.writeBody('createClient', { client_name: name, description: name, scope: 'read' });
    expect(await docs.execute('createClient')).toMatchObject({ shownStatus: 201 });
    await docs.execute('listClients');
    for (const id of ['createClient', 'listClients']) {
      expect(await docs.shownAnswer(id)).toContain(name);
    }
    expect(await page.locator('img[src="x"], a[href^="javascript"]').count()).toBe(0);
    expect(questions).toEqual([]);
    const shown = page.locator('.live-responses-table .highlight-code span', {
      hasText: 'gnp.exe',
    });
    const bidi = await shown.last().evaluate((span) => getComputedStyle(span).unicodeBidi);
    expect(bidi).toBe('isolate');
    // Nor is the mark hidden in the program to be pasted.
    const snippet = await docs.snippet('createClient', 'curl');
    expect(snippet).toContain(String.raw`\u202e`);
    expect(watch).toEqual(NOTHING);
  });

  describe('a token near its end', () => {
    const LIFE_SECONDS = 2;
    const aShortLivedAdmin = (): Promise<StoredClient> =>
      aClient(server.database, {
        accessTokenTtl: LIFE_SECONDS,
        scopes: ['read', 'write', 'admin'],
      });

    it('is renewed before the next requests, once for all of them, and none is lost', async () => {
      const client = await aShortLivedAdmin();
      const token = await docs.logIn(client);
      await docs.show('listScopes');
      await docs.show('listAccessRules');
      // The next token lives long, or a page that is slower than that would seem to lose requests.
      await server.database.query(
        'UPDATE oauth_client SET access_token_ttl = 3600 WHERE client_id = $1',
        [client.clientId],
      );
      await delay(LIFE_SECONDS * 1000 + 100);
      expect(await statusWith(token)).toBe(401);
      docs.sent.length = 0;
      await docs.pressAllOpen();
      expect(await docs.shownStatus('listScopes')).toBe(200);
      expect(await docs.shownStatus('listAccessRules')).toBe(200);
      expect(docs.sent.map((request) => new URL(request.url()).pathname).toSorted()).toEqual([
        '/access-rules',
        '/o/token/',
        '/scopes',
      ]);
      const stored = await docs.storedText();
      expect([client.clientSecret, token].filter((text) => stored.includes(text))).toEqual([]);
      expect(watch).toEqual(NOTHING);
    });

    it('can not be renewed: the request goes out, and its 401 is shown', async () => {
      const client = await aShortLivedAdmin();
      const token = await docs.logIn(client);
      await server.database.query('UPDATE oauth_client SET enabled = false WHERE client_id = $1', [
        client.clientId,
      ]);
      await delay(LIFE_SECONDS * 1000 + 100);
      expect(await docs.execute('listScopes')).toEqual({
        shownStatus: 401,
        authorization: `Bearer ${token}`,
      });
      expect(watch.passwordBoxes).toEqual([]);
    });
  });

  it('a partner without the scopes that are ticked is told what to do, and does it', async () => {
    const client = await aClient(server.database, { scopes: ['read'] });
    const refused = await docs.authorize(client);
    expect(refused.status()).toBe(400);
    const error = await docs.authorizationError();
    expect(error).toMatch(/invalid_scope.*“select none”/s);
    const answer = await docs.authorizeWithDefaultScopes();
    expect(await answer.json()).toMatchObject({ scope: 'read' });
    await docs.closeDialog();
    expect(await docs.execute('listScopes')).toMatchObject({ shownStatus: 200 });
  });

  it('the programs that are shown run as pasted, with a token of the environment', async () => {
    const token = await docs.logIn(server.admin);
    await docs.execute('listClients');
    const programs = {
      curl: await docs.snippet('listClients', 'curl'),
      python: await docs.snippet('listClients', 'Python'),
      node: await docs.snippet('listClients', 'Node.js'),
      php: await docs.snippet('listClients', 'PHP'),
    };
    expect(Object.values(programs).filter((program) => program.includes(token))).toEqual([]);
    const { PATH, HOME } = process.env;
    const run = async (command: string, ...parameters: string[]): Promise<string> => {
      const env = { PATH, HOME, ACCESS_TOKEN: token };
      return (await promisify(execFile)(command, parameters, { env })).stdout;
    };
    expect(await run('bash', '-c', programs.curl)).toContain('"items"');
    expect(await run('node', '--input-type=module', '-e', programs.node)).toMatch(/^200 .*"items"/);
    if (spawnSync('python3', ['-c', 'import requests']).status === 0) {
      expect(await run('python3', '-c', programs.python)).toMatch(/^200 .*"items"/);
    }
    expect(watch).toEqual(NOTHING);
  });
});
