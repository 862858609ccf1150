import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { StoredClient } from './builders.js';
import { basic } from './http.js';

const ANSWERED_WITHIN_MS = 10_000;
const BODY = 'grant_type=client_credentials';

/** A token request that was sent, and what came of it. */
export interface Sent {
  readonly sentAt: number;
  /** When the answer was there, or the failure. */
  readonly endedAt: number;
  /** When its connection was made; undefined where there was none. */
  readonly connectedAt: number | undefined;
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined;
  readonly token?: string;
  /** Whether the server has asked to close the connection. */
  readonly lastOfConnection?: boolean;
  /** Why there was none, as a code. */
  readonly failure?: string;
}

/**
 * Callers that ask for one token after the other, each on a connection of its own that it keeps. One
 * that is told to close it (`Connection: close`) would go to another node, as a balancer does: it
 * has done its part.
 */
export class SteadyLoad {
  readonly sent: Sent[] = [];
  private running = true;
  private readonly callers: Promise<void>[];

  /** Begins at once, and goes on until {@link stop}. */
  constructor(
    private readonly baseUrl: string,
    private readonly client: StoredClient,
    callers: number,
  ) {
    this.callers = Array.from({ length: callers }, () => this.call());
  }

  /** Those that did not get a token. */
  get failed(): Sent[] {
    return this.sent.filter(({ status }) => status !== 200);
  }

  /** How long the slowest took, in ms. */
  get slowestMs(): number {
    return Math.max(...this.sent.map(({ sentAt, endedAt }) => endedAt - sentAt));
  }

  /** Waits until a number of requests more has been answered. */
  async answered(more: number): Promise<void> {
    const enough = this.sent.length + more;
    while (this.sent.length < enough) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async stop(): Promise<void> {
    this.running = false;
    await this.over();
  }

  /** Waits until all callers have done their part. */
  async over(): Promise<void> {
    await Promise.all(this.callers);
  }

  private async call(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (this.running) {
      const sent = await this.ask(agent);
      this.sent.push(sent);
      if (sent.lastOfConnection === true) break;
    }
    agent.destroy();
  }

  private async ask(agent: Agent): Promise<Sent> {
    const sentAt = performance.now();
    let socket: Connected | undefined;
    const asked = request(`${this.baseUrl}/o/token/`, {
      agent,
      method: 'POST',
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': BODY.length,
        Authorization: basic(this.client),
      },
    });
    asked.on('socket', (given) => (socket = noted(given)));
    try {
      const { status, text, lastOfConnection } = await answerOf(asked);
      const token = /"access_token":"(\w+)"/.exec(text)?.[1];
      return { ...times(sentAt, socket), status, lastOfConnection, ...(token && { token }) };
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      return { ...times(sentAt, socket), status: undefined, failure: code };
    }
  }
}

function times(sentAt: number, socket: Connected | undefined) {
  return { sentAt, endedAt: performance.now(), connectedAt: socket?.connectedAt };
}

type Connected = Socket & { connectedAt?: number };

function noted(socket: Connected): Connected {
  if (socket.connectedAt === undefined) {
    socket.once('connect', () => (socket.connectedAt = performance.now()));
  }
  return socket;
}

async function answerOf(
  asked: ClientRequest,
): Promise<{ status: number; text: string; lastOfConnection: boolean }> {
  const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
  asked.end(BODY);
  const [response] = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString(),
    lastOfConnection: response.headers.connection === 'close',
  };
}
