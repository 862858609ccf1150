import type { Page, Response } from 'playwright-core';
import type { StoredClient } from '../../support/builders.js';

/** What an operation was sent, and what the page shows of its answer. */
export interface Execution {
  readonly authorization: string | undefined;
  readonly shownStatus: number;
}

/** Swagger UI, by what a person does with it. */
export class SwaggerUiPage {
  constructor(private readonly page: Page) {}

  /** @param url the address of the page, as it would be typed */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.opblock').first().waitFor();
  }

  /** Fills in the dialog and presses its button; the dialog stays open. Gives the token route's answer. */
  async authorize({ clientId, clientSecret }: StoredClient): Promise<Response> {
    await this.page.locator('.auth-wrapper .authorize').first().click();
    const dialog = this.page.locator('.modal-ux');
    await dialog.locator('[data-name="clientId"]').fill(clientId);
    await dialog.locator('[data-name="clientSecret"]').fill(clientSecret);
    const answer = this.page.waitForResponse(/\/o\/token\/$/);
    await dialog.locator('button.authorize').click();
    return answer;
  }

  /** The same with the right secret, and closes the dialog. Gives the token. */
  async logIn(client: StoredClient): Promise<string> {
    const answer = await this.authorize(client);
    const dialog = this.page.locator('.modal-ux');
    await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
    await dialog.locator('.btn-done').click();
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  /** What the dialog says is wrong. */
  async authorizationError(): Promise<string> {
    return this.page.locator('.modal-ux .errors').innerText();
  }

  /** Whether the page has a token. */
  async isAuthorized(): Promise<boolean> {
    return this.page.locator('.auth-wrapper .authorize.locked').isVisible();
  }

  /** Opens an operation and executes it as it stands. */
  async execute(operationId: string): Promise<Execution> {
    const operation = this.page.locator(`.opblock[id$="-${operationId}"]`);
    await operation.locator('.opblock-summary-control').click();
    const request = this.page.waitForRequest((sent) => sent.resourceType() === 'fetch');
    await operation.getByRole('button', { name: 'Execute' }).click();
    const status = operation.locator('.live-responses-table tbody .response-col_status');
    return {
      authorization: (await request).headers().authorization,
      shownStatus: Number.parseInt(await status.innerText(), 10),
    };
  }

  /** All that the page leaves in the browser's storage and cookies, as text. */
  async storedText(): Promise<string> {
    const storage = await this.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    return storage + JSON.stringify(await this.page.context().cookies());
  }
}
