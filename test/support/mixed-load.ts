import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredClient } from './builders.js';
import { basic, getToken, send, type Answer } from './http.js';

const TOKEN_CALLERS = 6;
const ADMINISTRATORS = 3;
const TOKEN_PAUSE_MS = 15;
/** For whoever finds a node gone. */
const AFTER_FAILURE_MS = 30;
const ANSWERED_WITHIN_MS = 15_000;
const MORE_WITHIN_MS = 60_000;

/** What is known of a change: where it was sent and not answered, it may have been made or not. */
export type Outcome = 'not sent' | 'unanswered' | 'answered';

/** A client that was to be made, and what was done to it. */
export interface MadeClient {
  readonly clientId: string;
  made: Outcome;
  /** Those that were told. */
  readonly secrets: string[];
  /** One that it was given. */
  token?: string;
  disabled: Outcome;
  /** All its tokens at once. */
  tokensRevoked: Outcome;
}

/** What was done, as its answers tell. */
export class Ledger {
  /** Issued, and never asked to be revoked. */
  readonly tokens: string[] = [];
  readonly revoked: string[] = [];
  readonly clients: MadeClient[] = [];
  /** The request ids of changes that were answered, with the actions of their audit events. */
  readonly events = new Map<string, string>();
  /** The statuses of all that did not succeed. */
  readonly refused: number[] = [];
  /** Requests that were sent and got no answer. */
  unanswered = 0;
  succeeded = 0;

  /** Waits until so many more have succeeded. */
  async answered(more: number, withinMs = MORE_WITHIN_MS): Promise<void> {
    const end = performance.now() + withinMs;
    const enough = this.succeeded + more;
    while (this.succeeded < enough) {
      if (performance.now() > end) throw new Error(`not ${more} more answers in ${withinMs} ms`);
      await delay(5);
    }
  }

  /** In one line, for the log. */
  summary(): string {
    const { tokens, revoked, clients, events, refused, unanswered } = this;
    const made = clients.filter((client) => client.made === 'answered').length;
    return [
      `${tokens.length} tokens and ${revoked.length} revocations`,
      `${made} clients and ${events.size} audited changes were answered`,
      `${refused.length} refused`,
      `${unanswered} unanswered`,
    ].join(', ');
  }
}

/**
 * Callers who do all that changes something, at all nodes by turns, and keep a ledger of it: they get
 * and revoke tokens, make clients, give them secrets, disable them and revoke all their tokens.
 */
export class MixedLoad {
  readonly ledger = new Ledger();
  private running = true;
  private turn = 0;
  private readonly callers: Promise<void>[];

  private constructor(
    private readonly baseUrls: readonly string[],
    private readonly admin: StoredClient,
    private readonly adminToken: string,
  ) {
    this.callers = [
      ...Array.from({ length: TOKEN_CALLERS }, () => this.repeat(() => this.getAndRevoke())),
      ...Array.from({ length: ADMINISTRATORS }, () => this.repeat(() => this.liveAsClient())),
    ];
  }

  /** Begins at once, and goes on until {@link stop}. */
  static async start(
    nodes: readonly { readonly baseUrl: string }[],
    admin: StoredClient,
  ): Promise<MixedLoad> {
    const baseUrls = nodes.map(({ baseUrl }) => baseUrl);
    return new MixedLoad(baseUrls, admin, await getToken(baseUrls[0] ?? '', admin, 'admin'));
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.callers);
  }

  private async repeat(task: () => Promise<void>): Promise<void> {
    while (this.running) await task();
  }

  private async getAndRevoke(): Promise<void> {
    const token = await this.token(this.admin);
    await delay(TOKEN_PAUSE_MS);
    if (token === undefined) return;
    if (Math.random() < 0.75) {
      this.ledger.tokens.push(token);
    } else {
      const revocation = await this.form('/o/revoke_token/', this.admin, { token });
      if (revocation === undefined) return;
      this.ledger.revoked.push(token);
      this.note('tokens.revoked', revocation);
    }
  }

  /** Goes on only as long as it knows what was done. */
  private async liveAsClient(): Promise<void> {
    const client: MadeClient = {
      clientId: `made-${randomUUID()}`,
      made: 'unanswered',
      secrets: [],
      disabled: 'not sent',
      tokensRevoked: 'not sent',
    };
    this.ledger.clients.push(client);
    const { clientId } = client;
    const settings = { client_id: clientId, client_name: 'Made', scope: 'read' };
    const made = await this.change('client.created', 'POST', '/clients/', settings);
    if (made === undefined) return;
    client.made = 'answered';
    const clientSecret = String(made.body.client_secret);
    client.secrets.push(clientSecret);
    const token = await this.token({ clientId, clientSecret });
    if (token !== undefined) client.token = token;

    const path = `/clients/${clientId}`;
    const rotated = await this.change('secret.created', 'POST', `${path}/secrets`, {});
    if (rotated === undefined) return;
    client.secrets.push(String(rotated.body.client_secret));

    const next = Math.random();
    if (next < 0.3) {
      client.disabled = 'unanswered';
      const disabled = await this.change('client.updated', 'PATCH', path, { enabled: false });
      if (disabled !== undefined) client.disabled = 'answered';
    } else if (next < 0.6) {
      client.tokensRevoked = 'unanswered';
      const revoked = await this.change('tokens.revoked', 'DELETE', `${path}/tokens`);
      if (revoked !== undefined) client.tokensRevoked = 'answered';
    }
  }

  private async token(client: StoredClient): Promise<string | undefined> {
    const form = { grant_type: 'client_credentials' };
    const answer = await this.form('/o/token/', client, form);
    return answer && String(answer.body.access_token);
  }

  private form(
    path: string,
    client: StoredClient,
    form: Record<string, string>,
  ): Promise<Answer | undefined> {
    return this.ask(path, {
      method: 'POST',
      headers: {
        Authorization: basic(client),
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(form).toString(),
    });
  }

  /** @param action of the audit event that is to be there for it */
  private async change(
    action: string,
    method: string,
    path: string,
    body?: object,
  ): Promise<Answer | undefined> {
    const answer = await this.ask(path, {
      method,
      headers: {
        Authorization: `Bearer ${this.adminToken}`,
        ...(body && { 'Content-Type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (answer !== undefined) this.note(action, answer);
    return answer;
  }

  private note(action: string, { headers }: Answer): void {
    this.ledger.events.set(headers.get('x-request-id') ?? '', action);
  }

  /** @returns the answer of success; undefined where there was none */
  private async ask(path: string, init: RequestInit): Promise<Answer | undefined> {
    const baseUrl = this.baseUrls[(this.turn += 1) % this.baseUrls.length] ?? '';
    try {
      const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
      const answer = await send(`${baseUrl}${path}`, { ...init, signal });
      if (answer.status < 300) {
        this.ledger.succeeded += 1;
        return answer;
      }
      this.ledger.refused.push(answer.status);
    } catch (error) {
      if (!wasNeverSent(error)) this.ledger.unanswered += 1;
    }
    await delay(AFTER_FAILURE_MS);
    return undefined;
  }
}

function wasNeverSent(error: unknown): boolean {
  const { cause } = error as { cause?: { code?: unknown } };
  return cause?.code === 'ECONNREFUSED';
}
