import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { drawAccessToken } from '../../src/oauth/domain/access-token.js';
import { administrator, anIntrospector } from './administrator.js';
import type { StoredClient } from './builders.js';
import { basic, getToken, send, type Answer } from './http.js';
import { until } from './until.js';

const PAUSE_MS = 15;
/** No answer is to take longer than five seconds; so this is none. */
const GIVEN_UP_AFTER_MS = 15_000;
/** Tokens that the server is not asked about before the fault. */
const UNSEEN = 10;
const SEEN_WITHIN_MS = 20_000;

/** What is asked, again and again. */
export const ROUTES = [
  'a token',
  'a revocation',
  'introspection of a live token',
  'introspection of a revoked token',
  'a guard, with a token that it knows',
  'a guard, with a token that it has not seen yet',
  'a guard, with a token that nobody issued',
  'a list for administrators',
  'a change by an administrator',
] as const;

export type Route = (typeof ROUTES)[number];

/** A request that was sent, and what came of it; times as of `performance.now()`. */
export interface Asked {
  readonly route: Route | 'readiness' | 'liveness';
  readonly sentAt: number;
  readonly answeredAt: number;
  /** 0 where there was no answer. */
  readonly status: number;
  /** What it was to be: the right answer, or a refusal in the contract's form. */
  readonly verdict: 'right' | 'refused' | 'wrong';
  /** Of what is wrong, for whoever reads the failure. */
  readonly text: string;
}

/** What the callers of a {@link WatchedLoad} are, made before the fault. */
export interface Cast {
  readonly baseUrl: string;
  readonly admin: StoredClient;
  readonly introspector: StoredClient;
  readonly adminToken: string;
  /** One that the guard is asked about all the time. */
  readonly known: string;
}

/** Makes a {@link Cast} at a server. */
export async function castAt(baseUrl: string, admin: StoredClient): Promise<Cast> {
  const by = await administrator(baseUrl, admin);
  return {
    baseUrl,
    admin,
    introspector: await anIntrospector(by),
    adminToken: await getToken(baseUrl, admin, 'admin'),
    known: await getToken(baseUrl, admin, 'admin'),
  };
}

/**
 * Callers who ask all that depends on the database, each in its own turn, and judge every answer:
 * it is the right one, or 503 as the contract has it, or wrong.
 */
export class WatchedLoad {
  readonly asked: Asked[] = [];
  /** Answered with 200, and nobody has asked to revoke them. */
  readonly live: string[] = [];
  /** Whose revocation was answered with 200. */
  readonly revoked: string[] = [];
  /** Live ones that no node was asked about yet. */
  private readonly unseen: string[] = [];
  private readonly toRevoke: string[] = [];
  private issued = 0;
  private running = true;
  private readonly callers: Promise<void>[];

  private constructor(private readonly cast: Cast) {
    const tasks = [
      () => this.getToken(),
      () => this.getToken(),
      () => this.getToken(),
      () => this.revoke(),
      () => this.introspect('introspection of a live token', this.live, true),
      () => this.introspect('introspection of a revoked token', this.revoked, false),
      () => this.guard('a guard, with a token that it knows', cast.known, 200),
      () => this.guardUnseen(),
      () => this.guard('a guard, with a token that nobody issued', drawAccessToken(), 401),
      () => this.list(),
      () => this.change(),
      () => this.health('readiness', '/health/ready'),
      () => this.health('liveness', '/health/live'),
    ];
    this.callers = tasks.map(async (task) => {
      while (this.running) {
        await task();
        await delay(PAUSE_MS);
      }
    });
  }

  /** Begins, and waits until every route was answered rightly; goes on until {@link stop}. */
  static async start(cast: Cast): Promise<WatchedLoad> {
    const load = new WatchedLoad(cast);
    const began = performance.now();
    try {
      await until(() => load.unseen.length >= UNSEEN && load.toRevoke.length > 1, SEEN_WITHIN_MS);
      await load.rightSince(began, SEEN_WITHIN_MS);
      return load;
    } catch (error) {
      await load.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.callers);
  }

  /** Waits until every route was answered rightly after a moment; gives when the last one was. */
  async rightSince(moment: number, withinMs: number): Promise<number> {
    const first = (route: Route) =>
      this.asked.find(
        (asked) => asked.route === route && asked.verdict === 'right' && asked.answeredAt >= moment,
      );
    await until(() => ROUTES.every((route) => first(route) !== undefined), withinMs);
    return Math.max(...ROUTES.map((route) => first(route)?.answeredAt ?? Infinity));
  }

  /** Waits until every route, and readiness, has refused a request that was sent after a moment. */
  async refusedSince(moment: number, withinMs: number): Promise<void> {
    const wasRefused = (route: Asked['route']) =>
      this.asked.some(
        (asked) => asked.route === route && asked.verdict === 'refused' && asked.sentAt > moment,
      );
    await until(() => [...ROUTES, 'readiness' as const].every(wasRefused), withinMs);
  }

  private async getToken(): Promise<void> {
    const { admin } = this.cast;
    const body = { grant_type: 'client_credentials', scope: 'admin' };
    const answer = await this.form(
      'a token',
      '/o/token/',
      admin,
      body,
      ({ status }) => status === 200,
    );
    if (answer?.status !== 200) return;
    const token = String(answer.body.access_token);
    this.issued += 1;
    if (this.issued % 2 === 0) {
      this.toRevoke.push(token);
      return;
    }
    this.live.push(token);
    this.unseen.push(token);
  }

  private async revoke(): Promise<void> {
    // One is always left, for the time in which there are no new ones.
    const token = this.toRevoke.length > 1 ? this.toRevoke.shift() : undefined;
    if (token === undefined) return;
    const right = ({ status }: Answer) => status === 200;
    const answer = await this.form(
      'a revocation',
      '/o/revoke_token/',
      this.cast.admin,
      { token },
      right,
    );
    if (answer?.status === 200) this.revoked.push(token);
    // Where it was not answered nobody knows whether it holds: it is asked for again.
    else this.toRevoke.unshift(token);
  }

  private async introspect(
    route: Route,
    tokens: readonly string[],
    active: boolean,
  ): Promise<void> {
    const token = tokens[Math.floor(Math.random() * tokens.length)];
    if (token === undefined) return;
    await this.form(
      route,
      '/o/introspect/',
      this.cast.introspector,
      { token },
      ({ status, body }) => status === 200 && body.active === active,
    );
  }

  private guard(route: Route, token: string, status: number): Promise<Answer | undefined> {
    const headers = { Authorization: `Bearer ${token}` };
    return this.ask(route, '/access-rules/', { headers }, (answer) => answer.status === status);
  }

  private async guardUnseen(): Promise<void> {
    const token = this.unseen.shift();
    if (token === undefined) return;
    const answer = await this.guard('a guard, with a token that it has not seen yet', token, 200);
    if (answer?.status !== 200) this.unseen.unshift(token);
  }

  private async list(): Promise<void> {
    const headers = { Authorization: `Bearer ${this.cast.adminToken}` };
    const right = ({ status }: Answer) => status === 200;
    await this.ask('a list for administrators', '/clients/', { headers }, right);
  }

  private async change(): Promise<void> {
    const { adminToken, introspector } = this.cast;
    const init = {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ description: `Changed ${generateClientSecret().slice(-8)}` }),
    };
    const right = ({ status }: Answer) => status === 200;
    await this.ask(
      'a change by an administrator',
      `/clients/${introspector.clientId}`,
      init,
      right,
    );
  }

  private async health(route: 'readiness' | 'liveness', path: string): Promise<void> {
    await this.ask(route, path, {}, ({ status }) => status === 200);
  }

  private form(
    route: Route,
    path: string,
    client: StoredClient,
    form: Record<string, string>,
    right: (answer: Answer) => boolean,
  ): Promise<Answer | undefined> {
    const init = {
      method: 'POST',
      headers: {
        Authorization: basic(client),
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(form).toString(),
    };
    return this.ask(route, path, init, right);
  }

  private async ask(
    route: Asked['route'],
    path: string,
    init: RequestInit,
    right: (answer: Answer) => boolean,
  ): Promise<Answer | undefined> {
    const sentAt = performance.now();
    const note = (status: number, verdict: Asked['verdict'], text: string): void => {
      const shown = verdict === 'wrong' ? text : '';
      this.asked.push({
        route,
        sentAt,
        answeredAt: performance.now(),
        status,
        verdict,
        text: shown,
      });
    };
    try {
      const signal = AbortSignal.timeout(GIVEN_UP_AFTER_MS);
      const answer = await send(`${this.cast.baseUrl}${path}`, { ...init, signal });
      const refused = isRefusal(route, path, answer) ? 'refused' : 'wrong';
      note(answer.status, right(answer) ? 'right' : refused, answer.text);
      return answer;
    } catch (error) {
      note(0, 'wrong', error instanceof Error ? `${error.message}: ${String(error.cause)}` : '');
      return undefined;
    }
  }
}

/** How long the slowest took, in ms; 0 where there are none. */
export function slowestOf(asked: readonly Asked[]): number {
  return Math.max(0, ...asked.map(({ sentAt, answeredAt }) => answeredAt - sentAt));
}

/** Whether an answer is the 503 of a store that can't be reached, in the form of its route. */
function isRefusal(route: Asked['route'], path: string, answer: Answer): boolean {
  const { status, headers, body } = answer;
  if (status !== 503 || headers.get('cache-control') !== 'no-store') return false;
  if (route === 'readiness') return body.status === 'error';
  if (!/^[1-9]\d*$/.test(headers.get('retry-after') ?? '')) return false;
  return path.startsWith('/o/')
    ? body.error === 'temporarily_unavailable'
    : headers.get('content-type') === 'application/problem+json' &&
        body.status === 503 &&
        String(body.type).endsWith('/errors/temporarily_unavailable');
}
