/**
 * More than it can do: what is taken on is served in time, the rest is 503 at once, and nothing is
 * left of it afterwards. Real: the built server, PostgreSQL, up to 512 connections out of another
 * process.
 */
import { describe, expect, it } from '@jest/globals';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { lockTable } from '../support/database.js';
import { Generator, type Order, type Slice } from '../support/generator.js';
import { tokenRequest } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { residentMiB } from '../support/memory.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Wire } from '../support/wire.js';

const FULL = inFull(1, 0) === 1;
const WARM_UP_S = inFull(10, 2);
const MEASURED_S = inFull(10, 3);
const OVERLOAD_S = inFull(60, 3);
/** Fewer than there are connections: else no caller would ever be too many. */
const MAX_REQUESTS = 256;
const CONNECTIONS = 512;
const RECOVERED_WITHIN_MS = 5000;
const IN_TIME_MS = 1000;
/** Beyond what it had at its peak: what 512 connections hold, and what is not collected yet. */
const MORE_MIB = 128;
const TEST_TIMEOUT_MS = 300_000;

const cleanUp = cleanUpAfterEach();

describe('Overload', () => {
  it(
    `at twice and five times the peak for ${OVERLOAD_S} s each is served or refused at once, and is over when it is over`,
    async () => {
      const server = await startServer({ MAX_REQUESTS: String(MAX_REQUESTS), LOG_LEVEL: 'warn' });
      cleanUp(() => server.stop('SIGKILL'));
      const startedAt = performance.now();
      const load = loadOf(server);
      await load({ connections: MAX_REQUESTS, seconds: WARM_UP_S });
      const measure = async () => {
        const peak = await load({ connections: MAX_REQUESTS, seconds: MEASURED_S });
        tell('peak, closed loop', peak);
        const refusals = await whileLocked(server, () =>
          load({ connections: CONNECTIONS, seconds: MEASURED_S }),
        );
        tell('refusals alone, closed loop', refusals);
        expect(refusals).toMatchObject({ accepted: 0, others: {}, refusedWithoutRetryAfter: 0 });
        return { peak: perSecond(peak).accepted, refusals: perSecond(refusals).refused };
      };
      const before = await measure();
      const memory = [residentMiB(server.process.pid)];
      const slices: { times: number; slice: Slice }[] = [];
      for (const times of [2, 5]) {
        const rate = times * before.peak;
        const slice = await load({ connections: CONNECTIONS, seconds: OVERLOAD_S, rate });
        const endedAt = performance.now();
        await until(() => servesAll(server), RECOVERED_WITHIN_MS);
        tell(`${times} times the peak`, slice);
        say(`recovered in ${ms(performance.now() - endedAt)}`);
        memory.push(residentMiB(server.process.pid));
        expect(slice).toMatchObject({ others: {}, refusedWithoutRetryAfter: 0, unanswered: 0 });
        expect(slice.failures).toEqual([]);
        expect(slice.accepted).toBeGreaterThan(0);
        slices.push({ times, slice });
      }
      say(`memory ${memory.map(Math.round).join(', ')} MiB`);
      for (const mib of memory) expect(mib).not.toBeGreaterThan((memory[0] ?? 0) + MORE_MIB);
      // What the machine can do is not the same all the time: by the mean of before and after.
      const after = FULL ? await measure() : before;
      const peak = (before.peak + after.peak) / 2;
      const refusals = (before.refusals + after.refusals) / 2;
      for (const { times, slice } of slices) {
        const { accepted, refused } = perSecond(slice);
        const left = 1 - refused / refusals;
        say(
          `${times} times: goodput ${percent(accepted / peak)}, the refusals leave ${percent(left)}`,
        );
        // By the clock only here, where nothing else runs beside it.
        if (!FULL) continue;
        expect(slice.refused).toBeGreaterThan(0);
        expect(slice.acceptedMs.p99).toBeLessThan(IN_TIME_MS);
        if (times === 2) expect(accepted / peak).toBeGreaterThan(0.5);
        else expect(accepted / peak).toBeGreaterThan(0.9 * left);
      }
      expect(server.output()).not.toMatch(/"level":"fatal"|"status":500/);
      const lines = server.output().match(/at the limit/g)?.length;
      expect(lines).toBeLessThanOrEqual((performance.now() - startedAt) / 1000 + 1);
    },
    TEST_TIMEOUT_MS,
  );
});

/** Gives what sends token requests to a server. */
function loadOf({ baseUrl, admin }: TestServer) {
  const generator = new Generator();
  cleanUp(() => generator.end());
  const port = Number(new URL(baseUrl).port);
  const request = tokenRequest(admin);
  return (order: Omit<Order, 'port' | 'request'>) => generator.run({ port, request, ...order });
}

/** Runs something while no token can be stored: as many as may come wait for 2 s, in vain. */
async function whileLocked<Result>(
  server: TestServer,
  task: () => Promise<Result>,
): Promise<Result> {
  const release = await lockTable(server.database.url, 'oauth_access_token');
  cleanUp(release);
  const result = await task();
  await release();
  await until(() => servesAll(server), RECOVERED_WITHIN_MS);
  return result;
}

/** Twenty requests, one after the other, each of them answered with a token. */
async function servesAll({ baseUrl, admin }: TestServer): Promise<boolean> {
  const wire = new Wire(baseUrl);
  try {
    for (let sent = 0; sent < 20; sent += 1) {
      const { status } = await wire.exchange(tokenRequest(admin));
      if (status !== 200) return false;
    }
    return true;
  } finally {
    wire.close();
  }
}

function perSecond({ accepted, refused, seconds }: Slice) {
  return { accepted: accepted / seconds, refused: refused / seconds };
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}

function tell(what: string, slice: Slice): void {
  const { accepted, refused } = perSecond(slice);
  say(
    `${what}: ${Math.round(accepted)}/s accepted (p50 ${ms(slice.acceptedMs.p50)}, p99 ${ms(slice.acceptedMs.p99)}), ${Math.round(refused)}/s refused (p50 ${ms(slice.refusedMs.p50)}, p99 ${ms(slice.refusedMs.p99)}), ${Math.round((slice.due - slice.sent) / slice.seconds)}/s due and not sent; the generator used ${percent(slice.cpuSeconds / slice.seconds)} of a processor`,
  );
}

function ms(time: number): string {
  return `${time.toFixed(0)} ms`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
