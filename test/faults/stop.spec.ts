/**
 * A stop under load drops nothing that was sent, and does not outlast its time. Real: the built
 * server, SIGTERM, callers on kept connections and slow ones.
 */
import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { inFull } from '../support/lengths.js';
import { send } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const ROUNDS = inFull(10, 1);
const CALLERS = 32;
const SLOW = 8;
const DRAIN_MS = 1000;
const GRACE_MS = 2000;
const SWEPT_MS = 300;
/** For the end of what is closed after the requests, on a slow machine. */
const CLOSING_MS = 5000;

const cleanUp = cleanUpAfterEach();

async function start(): Promise<TestServer> {
  const server = await startServer({
    SHUTDOWN_DRAIN_MS: String(DRAIN_MS),
    SHUTDOWN_GRACE_MS: String(GRACE_MS),
  });
  let stopped: Promise<number | null> | undefined;
  const stop = (signal?: NodeJS.Signals) => (stopped ??= server.stop(signal));
  cleanUp(() => stop('SIGKILL'));
  return { ...server, stop };
}

/** A token request whose body is half sent. */
class SlowRequest {
  private readonly chunks: Buffer[] = [];
  private readonly body: string;
  private readonly closed: Promise<unknown>;

  private constructor(
    private readonly socket: Socket,
    { clientId, clientSecret }: TestServer['admin'],
  ) {
    this.body = `grant_type=client_credentials&client_id=${clientId}&client_secret=${clientSecret}`;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk)).on('error', () => undefined);
    socket.write(
      `POST /o/token/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${this.body.length}\r\n\r\n${this.body.slice(0, 10)}`,
    );
  }

  static async begin({ baseUrl, admin }: TestServer): Promise<SlowRequest> {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    await once(socket, 'connect');
    return new SlowRequest(socket, admin);
  }

  /** Sends the rest. */
  finish(): void {
    this.socket.write(this.body.slice(10));
  }

  /** Waits until the server has closed the connection; gives all that it said. */
  async answer(): Promise<string> {
    await this.closed;
    return Buffer.concat(this.chunks).toString();
  }
}

describe('SIGTERM under load', () => {
  it(`drops nothing that was sent, ${ROUNDS} times, and ends with 0 in its time`, async () => {
    let sent = 0;
    let longestMs = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await start();
      const load = new SteadyLoad(server.baseUrl, server.admin, CALLERS);
      const slow = await Promise.all(Array.from({ length: SLOW }, () => SlowRequest.begin(server)));
      await load.answered(200);
      await delay(Math.random() * 100);
      const signalledAt = performance.now();
      const stopped = server.stop('SIGTERM');
      await untilClosed(server.baseUrl);
      // The listener is closed; what was under way is waited for, while the idle are swept out.
      await delay(SWEPT_MS);
      for (const request of slow) request.finish();
      for (const request of slow) {
        expect(await request.answer()).toMatch(/^HTTP\/1\.1 200 [^]*access_token/);
      }
      expect(await stopped).toBe(0);
      longestMs = Math.max(longestMs, performance.now() - signalledAt);
      await load.over();
      // Each was told to go elsewhere, and none was cut off before.
      expect(load.sent.filter(({ lastOfConnection }) => lastOfConnection)).toHaveLength(CALLERS);
      expect(load.failed).toEqual([]);
      sent += load.sent.length;
    }
    process.stderr.write(
      `${ROUNDS} stops: ${sent} requests and ${ROUNDS * SLOW} slow ones, the longest took ${Math.round(longestMs)} ms\n`,
    );
    expect(longestMs).toBeLessThan(DRAIN_MS + GRACE_MS + CLOSING_MS);
  });

  it('cuts off what is not done in SHUTDOWN_GRACE_MS, and ends with 0 all the same', async () => {
    const server = await start();
    const slow = await SlowRequest.begin(server);
    await send(`${server.baseUrl}/health/live`);
    const signalledAt = performance.now();
    expect(await server.stop('SIGTERM')).toBe(0);
    const tookMs = performance.now() - signalledAt;
    expect(tookMs).toBeGreaterThan(DRAIN_MS + GRACE_MS - 100);
    expect(tookMs).toBeLessThan(DRAIN_MS + GRACE_MS + CLOSING_MS);
    expect(await slow.answer()).toBe('');
  });
});

/** Waits until nobody is let in any more. */
async function untilClosed(baseUrl: string): Promise<void> {
  const end = performance.now() + DRAIN_MS + GRACE_MS + CLOSING_MS;
  while (performance.now() < end) {
    const socket = connect(Number(new URL(baseUrl).port), '127.0.0.1');
    const refused = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    });
    socket.destroy();
    if (refused) return;
    await delay(20);
  }
  throw new Error('the listener stays open');
}
