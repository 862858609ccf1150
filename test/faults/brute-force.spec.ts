/**
 * Guessing secrets: each caller's different wrong ones are counted, nobody is locked out by others,
 * and ever new ids and addresses fill no memory. Real: the built server, PostgreSQL; addresses by
 * `X-Forwarded-For` from a trusted proxy, which the test is.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { FailedAttempts } from '../../src/oauth/domain/failed-attempts.js';
import { secretDigest } from '../../src/secrets/digests.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { basic } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { residentMiB } from '../support/memory.js';
import { startServer, type TestServer } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';
import { Wire, type WireAnswer } from '../support/wire.js';

const STRANGERS = inFull(100_000, 4000);
const PAIRS = inFull(1_000_000, 60_000);
/** As much as 20,000 pairs take, and half of that again. */
const PAIRS_MIB = 30;
const CONNECTIONS = 16;
/** Beyond what is remembered of 20,000 pairs, at most 20 MB, and what is not collected yet. */
const MORE_MIB = 128;
const TEST_TIMEOUT_MS = 600_000;
const ROUTES = ['/o/token/', '/o/revoke_token/', '/o/introspect/'];

const cleanUp = cleanUpAfterEach();

/** Behind a proxy that it trusts. */
let server: TestServer;

beforeAll(async () => {
  server = await startServer({ LOG_LEVEL: 'error', TRUST_PROXY: '127.0.0.1' });
});

afterAll(() => server.stop());

function callerOf({ baseUrl }: TestServer): Wire {
  const wire = new Wire(baseUrl);
  cleanUp(() => wire.close());
  return wire;
}

/** Asks as a client; `from`: what the header says, hop by hop. */
function attempt(
  wire: Wire,
  client: StoredClient,
  { from, route = '/o/token/' }: { from: string; route?: string },
): Promise<WireAnswer> {
  const body = 'grant_type=client_credentials&token=a';
  return wire.exchange(
    `POST ${route} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(client)}\r\nX-Forwarded-For: ${from}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** Tries different wrong secrets, one on each route in turn; gives the statuses. */
async function guess(
  wire: Wire,
  { clientId }: StoredClient,
  addresses: readonly string[],
): Promise<number[]> {
  const statuses: number[] = [];
  for (const [count, from] of addresses.entries()) {
    const wrong = {
      clientId,
      clientSecret: `guess-${count}-of-${from.replaceAll(/[^\w.]/g, '-')}`,
    };
    const route = ROUTES[count % ROUTES.length];
    statuses.push((await attempt(wire, wrong, { from, ...(route && { route }) })).status);
  }
  return statuses;
}

/** What of the heap is in use, once the rest is collected. */
function liveMiB(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

const times = (count: number, of: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => of(index));
const TEN_THEN_429 = [...Array<number>(10).fill(401), 429, 429];

describe('An address', () => {
  it('that is forged counts for nothing without TRUST_PROXY', async () => {
    const alone = await startServer();
    cleanUp(() => alone.stop('SIGKILL'));
    const victim = await aClient(alone.database);
    const forged = times(12, (index) => `198.51.100.${index}`);
    expect(await guess(callerOf(alone), victim, forged)).toEqual(TEN_THEN_429);
  });

  it('that is forged in front of the one that the proxy saw counts for nothing', async () => {
    const victim = await aClient(server.database);
    const wire = callerOf(server);
    const forged = times(12, (index) => `203.0.113.${index}, 198.51.100.1`);
    expect(await guess(wire, victim, forged)).toEqual(TEN_THEN_429);
    // Another one that the proxy saw has a count of its own.
    expect(await guess(wire, victim, ['198.51.100.2'])).toEqual([401]);
  });

  it('of IPv6 counts by its /64', async () => {
    const victim = await aClient(server.database);
    const wire = callerOf(server);
    const ofOne = times(12, (index) => `2001:db8:0:1:${index + 1}::${index * 7}`);
    expect(await guess(wire, victim, ofOne)).toEqual(TEN_THEN_429);
    expect(await guess(wire, victim, ['2001:db8:0:2::1'])).toEqual([401]);
  });
});

describe('Failures of many', () => {
  it('lock nobody out: neither at that id, nor from that address, nor who repeats a stale secret', async () => {
    const victim = await aClient(server.database);
    const stale = { ...victim, clientSecret: 'one-that-was-right-until-yesterday' };
    const wire = callerOf(server);
    const from = '198.51.100.1';
    expect(
      await guess(
        wire,
        victim,
        times(12, () => from),
      ),
    ).toEqual(TEN_THEN_429);
    const attackers = times(50, (index) => `203.0.113.${index}`);
    for (let round = 0; round < 3; round += 1) {
      for (const route of ROUTES) {
        expect((await attempt(wire, victim, { from, route })).status).toBe(200);
        // The stale one came after ten others from there: a further wrong one, and never more.
        const ofStale = await attempt(wire, stale, { from: '198.51.100.9', route });
        expect(ofStale.status).toBe(401);
      }
      await guess(wire, victim, attackers);
    }
  });

  it(`of ${PAIRS} ids and addresses leave no more to be counted than those of 20,000`, () => {
    const attempts = new FailedAttempts();
    const note = (first: number, end: number): void => {
      for (let index = first; index < end; index += 1) {
        const address = `2001:db8:${(index >> 16).toString(16)}:${(index & 0xffff).toString(16)}::1`;
        attempts.note(address, `client-${index}`, secretDigest(`secret-${index}`));
      }
    };
    note(0, 20_000);
    const before = liveMiB();
    note(20_000, PAIRS);
    const after = liveMiB();
    process.stderr.write(`${PAIRS} pairs: ${(after - before).toFixed(1)} MiB more than 20,000\n`);
    expect(after).toBeLessThan(before + PAIRS_MIB);
    // It counts as ever.
    const guesses = times(12, (index) => `guess-${index}`);
    const held = guesses.map((one) => attempts.note('192.0.2.1', 'a', secretDigest(one), 0));
    expect(held.slice(9)).toEqual([undefined, 300, 300]);
  });

  it(
    `of ${STRANGERS} ids at ${STRANGERS} addresses take no more memory than some, while others are served`,
    async () => {
      const strangers = async (first: number, count: number): Promise<Set<number>> => {
        const wire = callerOf(server);
        const statuses = new Set<number>();
        for (let index = first; index < first + count; index += 1) {
          const from = `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
          const client = { clientId: `stranger-${index}`, clientSecret: `of-${index}` };
          const route = ROUTES[index % ROUTES.length];
          statuses.add((await attempt(wire, client, { from, ...(route && { route }) })).status);
        }
        return statuses;
      };
      await strangers(STRANGERS, 1000);
      const before = residentMiB(server.process.pid);
      const load = new SteadyLoad(server.baseUrl, server.admin, 2);
      const each = STRANGERS / CONNECTIONS;
      const began = performance.now();
      const all = await Promise.all(
        times(CONNECTIONS, String).map((n) => strangers(Number(n) * each, each)),
      );
      const tookMs = performance.now() - began;
      await load.stop();
      const after = residentMiB(server.process.pid);
      process.stderr.write(
        `${STRANGERS} ids and addresses in ${(tookMs / 1000).toFixed(0)} s: memory ${Math.round(before)}, then ${Math.round(after)} MiB; ${load.sent.length} requests of others meanwhile\n`,
      );
      expect(new Set(all.flatMap((statuses) => [...statuses]))).toEqual(new Set([401]));
      expect(load.failed).toEqual([]);
      expect(after).not.toBeGreaterThan(before + MORE_MIB);
    },
    TEST_TIMEOUT_MS,
  );
});
