/**
 * Callers that hold connections: idle ones, slow senders, half-open ones, those that hang up. Each is
 * given up on in bounded time, nothing of it is left, and who behaves is served meanwhile. Real: the
 * built server, PostgreSQL, sockets.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { tokenRequest } from '../support/http.js';
import { openSocket } from '../support/open-socket.js';
import { inFull } from '../support/lengths.js';
import { residentMiB } from '../support/memory.js';
import { metric } from '../support/metrics.js';
import { startServer, type TestServer } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';
import { until } from '../support/until.js';
import { Wire } from '../support/wire.js';

const FULL = inFull(1, 0) === 1;
const IDLE = inFull(2000, 300);
const SLOW = inFull(100, 40);
const HANGING_UP = inFull(5000, 500);
const AT_ONCE = 50;
/** Large requests of each of two callers. */
const LARGE = inFull(500, 50);
const CALLERS = 4;
const SERVED = inFull(500, 50);
/** Those of the server for a head and for a whole request, and how often it looks. */
const REQUEST_MS = 22_000;
/** Twice the server's 30 s: Node gives a write that is under way one term more. */
const SILENT_MS = 60_000;
const NOT_READING = inFull(100, 20);
/** As many as may be under way on one connection; with heads so large that they pile up, too. */
const LARGE_DOCUMENTS =
  `GET /docs/openapi.json HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(12_000)}\r\n\r\n`.repeat(8);
/** For a busy machine. */
const LATE_MS = 20_000;
const BYTE_EVERY_MS = 1000;
/** Meanwhile the median is at most so many times that of before, and never less than that counts. */
const SLOWER = 10;
const AT_LEAST_MS = 50;
const MIB_FOR_EACH = 0.1;
/** Eight of the largest document that there is. */
const MIB_FOR_ANSWERS = 2;
const KINDS = 3;
const MORE_MIB = 64;
const TEST_TIMEOUT_MS = 180_000;

let server: TestServer;
let sockets: Socket[] = [];
let usualMs: number;
/** Open files where none of those callers is left: fewer than one kind of them would leave. */
let few: number;

beforeAll(async () => {
  server = await startServer({ LOG_LEVEL: 'warn', DB_POOL_SIZE: '4' });
  await served(SERVED);
  usualMs = await served(SERVED);
  few = (await openFiles()) + SLOW / 2;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await until(async () => (await openFiles()) < few, LATE_MS);
});

afterAll(() => server.stop());

function openFiles(): Promise<number> {
  return metric(server.baseUrl, 'process_open_fds');
}

/** Well-behaved callers, until they have been served so often; none may fail. Gives the median, in ms. */
async function served(requests: number): Promise<number> {
  const load = new SteadyLoad(server.baseUrl, server.admin, CALLERS);
  await load.answered(requests);
  await load.stop();
  expect(load.failed).toEqual([]);
  const took = load.sent.map(({ sentAt, endedAt }) => endedAt - sentAt).sort((a, b) => a - b);
  return took[Math.floor(took.length / 2)] ?? NaN;
}

async function expectOthersServed(what: string): Promise<void> {
  const median = await served(SERVED);
  say(`${what}: median of the others ${median.toFixed(1)} ms, before ${usualMs.toFixed(1)} ms`);
  expect(median).toBeLessThan(SLOWER * Math.max(usualMs, AT_LEAST_MS));
}

async function open(count: number): Promise<Socket[]> {
  const opened: Socket[] = [];
  while (opened.length < count) {
    const more = Math.min(AT_ONCE, count - opened.length);
    const next = Array.from({ length: more }, () => openSocket(server.baseUrl));
    opened.push(...(await Promise.all(next)));
  }
  sockets.push(...opened);
  return opened;
}

/** Sends the same byte on all of them, now and then, until they are closed. */
function dribble(slow: readonly Socket[]): NodeJS.Timeout {
  return setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('a');
  }, BYTE_EVERY_MS);
}

/** Gives when each was closed by the server, and what it had said. */
async function ends(slow: readonly Socket[]): Promise<{ longestMs: number; said: Set<string> }> {
  const began = performance.now();
  const said = new Set<string>();
  for (const socket of slow) {
    socket.on('data', (chunk: Buffer) => said.add(chunk.toString().slice(0, 12)));
  }
  await until(() => slow.every(({ closed }) => closed), REQUEST_MS + LATE_MS);
  return { longestMs: performance.now() - began, said };
}

describe('Callers that hold connections', () => {
  it(
    `are given up on in time (${IDLE} idle ones, ${KINDS * SLOW} slow ones), and slow nobody down`,
    async () => {
      const before = residentMiB(server.process.pid);
      const idle = await open(IDLE);
      const kinds: Record<string, Socket[]> = { idle };
      for (const [kind, start] of Object.entries(slowStarts())) {
        kinds[kind] = await open(SLOW);
        for (const socket of kinds[kind]) socket.write(start);
      }
      const timer = dribble(Object.values(kinds).flat().slice(IDLE));
      try {
        const ended = Object.entries(kinds).map(async ([kind, sockets_]) => {
          const { longestMs, said } = await ends(sockets_);
          say(`${kind}: the last one was closed after ${seconds(longestMs)}`);
          expect({ kind, said: [...said] }).toEqual({ kind, said: ['HTTP/1.1 408'] });
        });
        await expectOthersServed(`${IDLE} idle connections, ${KINDS * SLOW} slow ones`);
        const more = residentMiB(server.process.pid) - before;
        say(`memory: ${Math.round(before)} MiB and ${Math.round(more)} MiB more`);
        expect(more).not.toBeGreaterThan(IDLE * MIB_FOR_EACH + MORE_MIB);
        await Promise.all(ended);
      } finally {
        clearInterval(timer);
      }
      await until(async () => (await openFiles()) < few, LATE_MS);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    `${SLOW} that have ended their side are closed at once`,
    async () => {
      const half = await open(SLOW);
      for (const socket of half) socket.end(tokenRequest(server.admin));
      await until(() => half.every(({ closed }) => closed), LATE_MS);
      await expectOthersServed('half-closed connections');
    },
    TEST_TIMEOUT_MS,
  );

  it(
    `${NOT_READING} that ask for much and never read are closed in time, and slow nobody down`,
    async () => {
      const before = residentMiB(server.process.pid);
      const silent = await open(NOT_READING);
      for (const socket of silent) socket.pause();
      // The server reads no more of them once it could not get its answers rid.
      await until(() => {
        const heard = silent.filter(({ writableLength }) => writableLength === 0);
        for (const socket of heard) socket.write(LARGE_DOCUMENTS);
        return heard.length === 0;
      }, LATE_MS);
      const began = performance.now();
      await expectOthersServed(`${NOT_READING} callers that never read`);
      const more = residentMiB(server.process.pid) - before;
      say(`never reading: memory ${Math.round(before)} MiB and ${Math.round(more)} MiB more`);
      expect(more).not.toBeGreaterThan(NOT_READING * MIB_FOR_ANSWERS + MORE_MIB);
      if (!FULL) return;
      // At the server: who does not read notices no end.
      const files = await openFiles();
      await until(async () => (await openFiles()) <= files - NOT_READING, SILENT_MS + LATE_MS);
      say(`never reading: all were closed after ${seconds(performance.now() - began)}`);
    },
    TEST_TIMEOUT_MS,
  );

  it.each([
    ['in the head', () => tokenRequest(server.admin).slice(0, 40)],
    ['in the body', () => tokenRequest(server.admin).slice(0, -5)],
    ['while they are answered', () => tokenRequest(server.admin)],
    ['with many requests sent at once', () => tokenRequest(server.admin).repeat(8)],
  ])(
    `${HANGING_UP} that hang up %s leave nothing behind`,
    async (when, request) => {
      const before = residentMiB(server.process.pid);
      const others = expectOthersServed(`callers that hang up ${when}`);
      for (let done = 0; done < HANGING_UP; done += AT_ONCE) {
        const now = await Promise.all(
          Array.from({ length: AT_ONCE }, () => openSocket(server.baseUrl)),
        );
        for (const socket of now) socket.write(request(), () => socket.resetAndDestroy());
        await until(() => now.every(({ closed }) => closed), LATE_MS);
      }
      await others;
      await until(async () => (await openFiles()) < few, LATE_MS);
      const after = residentMiB(server.process.pid);
      say(`hanging up ${when}: memory ${Math.round(before)} and ${Math.round(after)} MiB`);
      expect(after - before).not.toBeGreaterThan(4 * MORE_MIB);
      expect(server.process.exitCode).toBeNull();
    },
    TEST_TIMEOUT_MS,
  );

  it.each([
    [
      'parameters',
      () => tokenRequest(server.admin, `&${times(999, (index) => `p${index}=x`).join('&')}`),
    ],
    ['scopes', () => tokenRequest(server.admin, `&scope=${'read+'.repeat(3000)}`)],
    ['resources', () => tokenRequest(server.admin, `&${'resource=urn:a&'.repeat(990)}`)],
    ['wrong encodings', () => tokenRequest(server.admin, `&scope=${'%C3'.repeat(5000)}`)],
  ])(
    `that send as many %s as they may are answered, and slow nobody down`,
    async (what, request) => {
      const others = expectOthersServed(`as many ${what} as may be`);
      const ask = async (): Promise<number[]> => {
        const wire = new Wire(server.baseUrl);
        const statuses: number[] = [];
        for (let sent = 0; sent < LARGE; sent += 1) {
          statuses.push((await wire.exchange(request())).status);
        }
        wire.close();
        return statuses;
      };
      const statuses = (await Promise.all([ask(), ask()])).flat();
      for (const status of new Set(statuses)) expect([200, 400]).toContain(status);
      await others;
    },
    TEST_TIMEOUT_MS,
  );

  it('have left the server in health', async () => {
    expect(server.output()).not.toMatch(/"level":"(error|fatal)"/);
    await expectOthersServed('afterwards');
  });
});

/** How those begin that then send a byte a second. */
function slowStarts(): Record<string, string> {
  const form = `POST /o/token/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n`;
  return {
    'slow head': 'GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ',
    'slow body': `${form}Content-Length: 1000\r\n\r\ngrant_type=`,
    'slow body in chunks': `${form}Transfer-Encoding: chunked\r\n\r\nfff\r\n`,
  };
}

function times(count: number, of: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) => of(index));
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
