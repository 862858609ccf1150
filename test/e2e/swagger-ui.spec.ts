import type { Browser, Page } from 'playwright-core';
import { fetchDocument, operationsOf } from '../openapi/document.js';
import { startServer, type TestServer } from '../support/server.js';
import { describeInBrowser, launchChromium, OTHER_HOST } from './support/chromium.js';
import { watchPage, type PageWatch } from './support/page-watch.js';
import { SwaggerUiPage } from './support/swagger-ui.page.js';

const NOTHING: PageWatch = { errors: [], foreignRequests: [], passwordBoxes: [] };

// Real: the built server, PostgreSQL and a browser.
describeInBrowser('Swagger UI', () => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  let docs: SwaggerUiPage;

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
    docs = new SwaggerUiPage(page);
  });

  afterEach(async () => {
    await page.context().close();
  });

  it('Authorize, then Execute: the operation is answered with 200', async () => {
    const watch = await watchPage(page, server.baseUrl);
    const { operationId, guarded } = await operationToExecute(server.baseUrl);
    await docs.open(`${server.baseUrl}/docs`);
    const token = await docs.logIn(server.admin);
    expect(await docs.execute(operationId)).toEqual({
      shownStatus: 200,
      authorization: guarded ? `Bearer ${token}` : undefined,
    });
    expect(watch).toEqual(NOTHING);
  });

  it('leaves neither secret nor token in the browser, and forgets both on reload', async () => {
    const { operationId } = await operationToExecute(server.baseUrl);
    await docs.open(`${server.baseUrl}/docs`);
    const token = await docs.logIn(server.admin);
    await docs.execute(operationId);
    expect(await docs.isAuthorized()).toBe(true);
    const stored = await docs.storedText();
    expect(stored).not.toContain(server.admin.clientSecret);
    expect(stored).not.toContain(token);
    await docs.open(`${server.baseUrl}/docs`);
    expect(await docs.isAuthorized()).toBe(false);
  });

  it('a wrong secret: the dialog says so, and the browser opens no password box', async () => {
    const watch = await watchPage(page, server.baseUrl);
    await docs.open(`${server.baseUrl}/docs`);
    const answer = await docs.authorize({ ...server.admin, clientSecret: 'not-the-secret' });
    expect(answer.status()).toBe(401);
    expect(answer.headers()['www-authenticate']).toMatch(/^Basic /);
    expect(answer.request().headers().authorization).toMatch(/^Basic /);
    expect(await docs.authorizationError()).toContain('invalid_client');
    expect(await docs.isAuthorized()).toBe(false);
    // The browser's own line on the 401, and nothing else.
    expect(watch).toEqual({ ...NOTHING, errors: [expect.stringContaining('status of 401')] });
  });

  it('works with a trailing slash, and under a name that the settings do not know', async () => {
    const url = new URL(`${server.baseUrl}/docs/`);
    url.hostname = OTHER_HOST;
    const watch = await watchPage(page, url.origin);
    await docs.open(url.href);
    expect(await docs.logIn(server.admin)).toMatch(/./);
    expect(watch).toEqual(NOTHING);
  });
});

/**
 * An operation that needs nothing filled in and no scope beyond `read`: a guarded one, or, where
 * the features that have them were taken out, any.
 */
async function operationToExecute(
  baseUrl: string,
): Promise<{ operationId: string; guarded: boolean }> {
  const candidates = operationsOf(await fetchDocument(baseUrl))
    .filter(({ method, path }) => method === 'GET' && !path.includes('{'))
    .map(({ operationId = '', security = [] }) => ({
      operationId,
      guarded: security.length > 0,
      executable: security.every(({ oauth2 = [] }) => oauth2.every((scope) => scope === 'read')),
    }))
    .filter(({ executable }) => executable);
  const chosen = candidates.find(({ guarded }) => guarded) ?? candidates[0];
  if (chosen === undefined) throw new Error('The document has nothing to execute.');
  return chosen;
}
