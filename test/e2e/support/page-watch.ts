import type { Page } from 'playwright-core';

/** What a page did that it should not have done. */
export interface PageWatch {
  /** Errors on the console (a breach of the content security policy is one) and those thrown. */
  readonly errors: string[];
  /** Addresses outside the page's own origin. */
  readonly foreignRequests: string[];
  /** How often the browser took a 401 upon itself: it would have opened its password box. */
  readonly passwordBoxes: string[];
}

/** Watches a page from before its first request. */
export async function watchPage(page: Page, origin: string): Promise<PageWatch> {
  const watch: PageWatch = { errors: [], foreignRequests: [], passwordBoxes: [] };
  page.on('console', (message) => {
    if (message.type() === 'error') watch.errors.push(message.text());
  });
  page.on('pageerror', ({ message }) => watch.errors.push(message));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith('data:')) watch.foreignRequests.push(url);
  });
  await watchPasswordBoxes(page, watch);
  return watch;
}

/** Headless, there is no box to be seen; the DevTools protocol tells when there would be one. */
async function watchPasswordBoxes(page: Page, watch: PageWatch): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const send = (...command: Parameters<typeof session.send>) => {
    // A page that is being closed takes no more commands; a test would fail by what it waits for.
    session.send(...command).catch(() => undefined);
  };
  session.on('Fetch.requestPaused', ({ requestId }) => {
    send('Fetch.continueRequest', { requestId });
  });
  session.on('Fetch.authRequired', ({ requestId, request }) => {
    watch.passwordBoxes.push(request.url);
    send('Fetch.continueWithAuth', {
      requestId,
      authChallengeResponse: { response: 'CancelAuth' },
    });
  });
  await session.send('Fetch.enable', { handleAuthRequests: true });
}
