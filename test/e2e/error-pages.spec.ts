import type { Browser } from 'playwright-core';
import { startServer, type TestServer } from '../support/server.js';
import { describeInBrowser, launchChromium } from './support/chromium.js';
import { watchPage } from './support/page-watch.js';

describeInBrowser('An error page', () => {
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await startServer();
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  it.each(['light', 'dark'] as const)(
    'has its style under the policy that comes with it, in %s too',
    async (colorScheme) => {
      const page = await browser.newPage({ colorScheme });
      const watch = await watchPage(page, server.baseUrl);
      await page.goto(`${server.baseUrl}/errors/invalid_client`);
      const main = page.locator('body');
      expect(await main.evaluate((body) => getComputedStyle(body).maxWidth)).toBe('672px');
      const text = await main.evaluate((body) => getComputedStyle(body).color);
      expect(text).toBe(colorScheme === 'dark' ? 'rgb(255, 255, 255)' : 'rgb(0, 0, 0)');
      expect(watch).toEqual({ errors: [], foreignRequests: [], passwordBoxes: [] });
      await page.close();
    },
  );

  it('leads to the list of all, and from there to each', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.baseUrl}/errors/invalid_client`);
    await page.getByRole('link', { name: 'All errors' }).click();
    await page.getByRole('link', { name: 'insufficient_scope' }).click();
    await page.getByRole('heading', { name: 'The token lacks a scope' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/errors/insufficient_scope');
    await page.close();
  });
});
