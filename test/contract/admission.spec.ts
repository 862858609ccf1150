/** What one process takes on at a time: requests under way, and connections. Real: the built server. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { lockTable } from '../support/database.js';
import { tokenRequest } from '../support/http.js';
import { openSocket } from '../support/open-socket.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Wire, type WireAnswer } from '../support/wire.js';

const WITHIN_MS = 10_000;

const cleanUp = cleanUpAfterEach();
let sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function start(environment: Record<string, string>): Promise<TestServer> {
  const server = await startServer({ DB_TIMEOUT_MS: '4000', ...environment });
  cleanUp(() => server.stop('SIGKILL'));
  return server;
}

async function open({ baseUrl }: TestServer): Promise<Socket> {
  const socket = await openSocket(baseUrl);
  sockets.push(socket);
  return socket;
}

/** A caller that sends its request and keeps its connection. */
function caller({ baseUrl }: TestServer): Wire {
  const wire = new Wire(baseUrl);
  cleanUp(() => wire.close());
  return wire;
}

/** Keeps token requests from being answered, until it is called off or 4 s have passed. */
async function lockTokens({ database }: TestServer): Promise<() => Promise<void>> {
  const release = await lockTable(database.url, 'oauth_access_token');
  cleanUp(release);
  return release;
}

/** Takes this many places, by requests that are not answered; gives what frees them. */
async function fill(server: TestServer, places: number): Promise<() => Promise<void>> {
  const release = await lockTokens(server);
  // One after the other: each is in before the next one asks.
  for (let place = 0; place < places; place += 1) {
    const socket = await open(server);
    socket.write(expecting(tokenRequest(server.admin)));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  }
  return release;
}

/** The server says 100 as it lets it in. */
function expecting(request: string): string {
  return request.replace('Host: x', 'Host: x\r\nExpect: 100-continue');
}

function get(path: string, method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

function bodyOf({ body }: WireAnswer): Record<string, unknown> {
  return JSON.parse(body.toString()) as Record<string, unknown>;
}

async function metric(server: TestServer, name: string): Promise<number> {
  const { body } = await caller(server).exchange(get('/metrics'));
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(body.toString())?.[1]);
}

describe('one request more than MAX_REQUESTS', () => {
  it('is 503 with Retry-After at once, in the form of its route, and is counted', async () => {
    const server = await start({ MAX_REQUESTS: '2' });
    await fill(server, 2);
    const before = await metric(server, 'postern_requests_refused_total');

    const oauth = await caller(server).exchange(tokenRequest(server.admin));
    const oauthId = oauth.headers.get('x-request-id');
    expect(oauth.status).toBe(503);
    expect(Object.fromEntries(oauth.headers)).toMatchObject({
      'retry-after': '1',
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(bodyOf(oauth)).toEqual({
      error: 'temporarily_unavailable',
      error_description: `The server can not answer at the moment. Try again shortly. Request id: ${oauthId}`,
      error_uri: expect.stringMatching(/\/errors\/temporarily_unavailable$/) as unknown,
    });

    const problem = await caller(server).exchange(
      'GET /clients/a"b?q=1 HTTP/1.1\r\nHost: x\r\nX-Request-Id: of-my-own\r\n\r\n',
    );
    expect(problem.status).toBe(503);
    expect(Object.fromEntries(problem.headers)).toMatchObject({
      'retry-after': '1',
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-request-id': 'of-my-own',
    });
    expect(bodyOf(problem)).toEqual({
      type: expect.stringMatching(/\/errors\/temporarily_unavailable$/) as unknown,
      title: 'Temporarily unavailable',
      status: 503,
      detail: 'The server can not answer at the moment. Try again shortly.',
      instance: '/clients/a"b',
      request_id: 'of-my-own',
    });

    const absolute = await caller(server).exchange(get('http://x/o/introspect/', 'POST'));
    expect(bodyOf(absolute)).toMatchObject({ error: 'temporarily_unavailable' });
    const noUrl = await caller(server).exchange(get('http://[::1/x'));
    expect(bodyOf(noUrl)).toMatchObject({ status: 503, instance: '/' });
    expect(await metric(server, 'postern_requests_refused_total')).toBe(before + 4);
    expect(JSON.parse(await server.logLine('at the limit'))).toMatchObject({ level: 'warn' });
  });

  it('leaves its connection in use, with its body thrown away', async () => {
    const server = await start({ MAX_REQUESTS: '1' });
    const release = await fill(server, 1);
    const wire = caller(server);
    const large = tokenRequest(server.admin, `&x=${'x'.repeat(100_000)}`);
    expect(await wire.exchange(large)).toMatchObject({ status: 503, kept: true });
    expect(await wire.exchange(get('/scopes/', 'HEAD'), false)).toMatchObject({ status: 503 });
    await release();
    await until(
      async () => (await wire.exchange(tokenRequest(server.admin))).status === 200,
      WITHIN_MS,
    );
  });

  it('is served where it asks for health or metrics', async () => {
    const server = await start({ MAX_REQUESTS: '1' });
    await fill(server, 1);
    for (const path of ['/health/live', '/health/ready/', '/metrics', '/metrics?x=1']) {
      expect(await caller(server).exchange(get(path))).toMatchObject({ status: 200 });
    }
    expect(await caller(server).exchange(get('/healthy'))).toMatchObject({ status: 503 });
  });

  it('is served again after callers that sent many at once and hung up', async () => {
    const server = await start({ MAX_REQUESTS: '4' });
    const release = await lockTokens(server);
    const socket = await open(server);
    // The first holds back the answers to the others, whose responses Node never closes then.
    socket.write(expecting(tokenRequest(server.admin)) + get('/scopes/').repeat(3));
    await once(socket, 'data');
    expect(await caller(server).exchange(get('/scopes/'))).toMatchObject({ status: 503 });
    socket.resetAndDestroy();
    await release();
    const wire = caller(server);
    await until(
      async () => (await wire.exchange(tokenRequest(server.admin))).status === 200,
      WITHIN_MS,
    );
    await fill(server, 4);
    expect(await wire.exchange(tokenRequest(server.admin))).toMatchObject({ status: 503 });
  });
});

describe('requests sent at once on one connection', () => {
  it('are served up to eight, and the others are 503', async () => {
    const server = await start({});
    const release = await lockTokens(server);
    const wire = caller(server);
    const socket = await open(server);
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    // The first holds back the answers to the others; it is all there before they come.
    socket.write(expecting(tokenRequest(server.admin)));
    await once(socket, 'data');
    await wire.exchange(get('/health/live'));
    socket.write(get('/scopes/').repeat(19));
    await until(
      async () => (await metric(server, 'postern_requests_refused_total')) === 12,
      WITHIN_MS,
    );
    await release();
    const statuses = () => [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, code]) => code);
    await until(() => statuses().length === 21, WITHIN_MS);
    expect(statuses()).toEqual([
      ...['100', '200'],
      ...Array<string>(7).fill('401'),
      ...Array<string>(12).fill('503'),
    ]);
    expect(await wire.exchange(tokenRequest(server.admin))).toMatchObject({ status: 200 });
  });
});

describe('requests whose bodies are waited for', () => {
  it('take no place, until they are there', async () => {
    const server = await start({ MAX_REQUESTS: '2' });
    const request = tokenRequest(server.admin);
    const slow = await Promise.all(Array.from({ length: 10 }, () => open(server)));
    const wire = caller(server);
    for (const socket of slow) {
      socket.write(expecting(request).slice(0, -4));
      await once(socket, 'data');
      await until(async () => (await wire.exchange(request)).status === 200, WITHIN_MS);
    }
    await lockTokens(server);
    for (const socket of slow) socket.write(request.slice(-4));
    await until(async () => (await wire.exchange(get('/scopes/'))).status === 503, WITHIN_MS);
  });
});

describe('one connection more than MAX_CONNECTIONS', () => {
  it.each([['1'], ['2']])(
    'is closed at once and counted, until another has left (WORKERS=%s)',
    async (workers) => {
      const most = 4 * Number(workers);
      const server = await start({ MAX_CONNECTIONS: '4', WORKERS: workers });
      const wire = caller(server);
      await until(async () => (await wire.exchange(get('/health/live'))).status === 200, WITHIN_MS);
      const callers = await Promise.all(Array.from({ length: 3 * most }, () => open(server)));
      const closed = (): number => callers.filter((socket) => socket.closed).length;
      await until(() => callers.length - closed() <= most, WITHIN_MS);
      await until(async () => {
        const { body } = await wire.exchange(get('/metrics'));
        return body.includes(`postern_connections_refused_total ${closed()}`);
      }, WITHIN_MS);
      for (const socket of callers) socket.destroy();
      const next = caller(server);
      await until(async () => {
        const answer = await next.exchange(get('/health/live')).catch(() => undefined);
        return answer?.status === 200;
      }, WITHIN_MS);
      expect(server.process.exitCode).toBeNull();
    },
  );
});
