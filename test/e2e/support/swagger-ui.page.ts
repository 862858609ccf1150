import type { Locator, Page, Request, Response } from 'playwright-core';
import type { StoredClient } from '../../support/builders.js';

/** What an operation was sent, and what the page shows of its answer. */
export interface Execution {
  readonly authorization: string | undefined;
  readonly shownStatus: number;
}

/** Swagger UI, by what a person does with it. */
export class SwaggerUiPage {
  /** What the page has sent by script since it was opened, the token requests included. */
  readonly sent: Request[] = [];

  constructor(private readonly page: Page) {
    page.on('request', (request) => {
      if (request.resourceType() === 'fetch') this.sent.push(request);
    });
  }

  /** @param url the address of the page, as it would be typed */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.opblock').first().waitFor();
    this.sent.length = 0;
  }

  /** Fills in the dialog and presses its button; the dialog stays open. Gives the token route's answer. */
  async authorize({ clientId, clientSecret }: StoredClient): Promise<Response> {
    await this.page.locator('.auth-wrapper .authorize').first().click();
    const dialog = this.page.locator('.modal-ux');
    await dialog.locator('[data-name="clientId"]').fill(clientId);
    await dialog.locator('[data-name="clientSecret"]').fill(clientSecret);
    return this.pressAuthorize();
  }

  /** Ticks no scope and presses the button of the open dialog once more. */
  async authorizeWithDefaultScopes(): Promise<Response> {
    await this.page.locator('.modal-ux').locator('a', { hasText: 'select none' }).click();
    return this.pressAuthorize();
  }

  private async pressAuthorize(): Promise<Response> {
    const answer = this.page.waitForResponse(/\/o\/token\/$/);
    await this.page.locator('.modal-ux button.authorize').click();
    return answer;
  }

  /** Closes the dialog once the page has a token. */
  async closeDialog(): Promise<void> {
    const dialog = this.page.locator('.modal-ux');
    await dialog.getByRole('button', { name: 'Remove authorization' }).waitFor();
    await dialog.locator('.btn-done').click();
  }

  /** Authorizes with the right secret, and closes the dialog. Gives the token. */
  async logIn(client: StoredClient): Promise<string> {
    const answer = await this.authorize(client);
    await this.closeDialog();
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

  /** The operations, as they stand on the page. */
  async operationIds(): Promise<string[]> {
    const ids = await this.page.locator('.opblock').evaluateAll((all) => all.map(({ id }) => id));
    return ids.map((id) => id.slice(id.lastIndexOf('-') + 1));
  }

  /** The tags, as they stand on the page, each with its sentence. */
  async tags(): Promise<string[]> {
    return this.page.locator('.opblock-tag').allInnerTexts();
  }

  /** Opens an operation, and sends nothing. */
  async show(operationId: string): Promise<void> {
    await this.opened(operationId);
  }

  /** Opens an operation and executes it as it stands. */
  async execute(operationId: string): Promise<Execution> {
    await this.press(operationId);
    const shownStatus = await this.shownStatus(operationId);
    return { authorization: this.sent.at(-1)?.headers().authorization, shownStatus };
  }

  /** Presses Execute, and waits for nothing. An earlier answer is cleared away first. */
  async press(operationId: string): Promise<void> {
    const operation = await this.opened(operationId);
    const clear = operation.locator('.btn-clear');
    if (await clear.isVisible()) await clear.click();
    await operation.getByRole('button', { name: 'Execute' }).click();
  }

  /** Closes an operation: many open ones make the page slow. Not by the mouse, which is slow too. */
  async close(operationId: string): Promise<void> {
    const summary = this.operation(operationId).locator('.opblock-summary-control');
    await summary.evaluate((button) => (button as HTMLElement).click());
  }

  /** Presses Execute in every open operation, in one go. */
  async pressAllOpen(): Promise<void> {
    await this.page.evaluate(() => {
      for (const name of ['.btn-clear', '.execute']) {
        document.querySelectorAll<HTMLElement>(`.opblock.is-open ${name}`).forEach((button) => {
          button.click();
        });
      }
    });
  }

  /** The status in the answer; NaN where there is no answer to show. */
  async shownStatus(operationId: string): Promise<number> {
    const status = this.answer(operationId).locator('.response-col_status');
    return Number.parseInt(await status.innerText(), 10);
  }

  /** All that is shown where the answer is. */
  async shownAnswer(operationId: string): Promise<string> {
    return this.answer(operationId).innerText();
  }

  /** The JSON body of the answer, as it is shown. */
  async shownBody(operationId: string): Promise<Record<string, unknown>> {
    const text = await this.answer(operationId).locator('.highlight-code code').first().innerText();
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Takes another example for the body, by its summary. */
  async chooseExample(operationId: string, summary: string): Promise<void> {
    const operation = await this.opened(operationId);
    await operation.locator('.examples-select select').selectOption({ label: summary });
  }

  /** Writes the body anew. */
  async writeBody(operationId: string, body: object): Promise<void> {
    const operation = await this.opened(operationId);
    await operation.locator('textarea.body-param__text').fill(JSON.stringify(body));
  }

  /** What is filled in for a parameter. */
  async parameter(operationId: string, name: string): Promise<string> {
    return (await this.parameterInput(operationId, name)).inputValue();
  }

  /** Fills in a parameter. */
  async fillIn(operationId: string, name: string, value: string): Promise<void> {
    await (await this.parameterInput(operationId, name)).fill(value);
  }

  /** The program that is shown for the request, in the language of this tab. */
  async snippet(operationId: string, language: string): Promise<string> {
    const snippets = this.operation(operationId).locator('.request-snippets');
    await snippets.getByRole('heading', { name: language, exact: true }).click();
    return snippets.locator('code').innerText();
  }

  /** All that the page leaves in the browser's storage and cookies, as text. */
  async storedText(): Promise<string> {
    const storage = await this.page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    return storage + JSON.stringify(await this.page.context().cookies());
  }

  private operation(operationId: string): Locator {
    return this.page.locator(`.opblock[id$="-${operationId}"]`);
  }

  private async opened(operationId: string): Promise<Locator> {
    const operation = this.operation(operationId);
    const summary = operation.locator('.opblock-summary-control');
    if ((await summary.getAttribute('aria-expanded')) !== 'true') await summary.click();
    return operation;
  }

  private async parameterInput(operationId: string, name: string): Promise<Locator> {
    const operation = await this.opened(operationId);
    return operation.locator(`tr[data-param-name="${name}"] input`);
  }

  private answer(operationId: string): Locator {
    return this.operation(operationId).locator('.live-responses-table tbody');
  }
}
