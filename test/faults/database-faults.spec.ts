/**
 * PostgreSQL fails in every way that it has, under load. Every answer meanwhile is right or an honest
 * 503 in bounded time; nothing that was answered is lost; after it, service comes back by itself.
 * Real: the built server, Debian's PostgreSQL 15, signals; a TCP proxy of the test's own.
 */
import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { assertTokensKept } from '../support/kept.js';
import { inFull } from '../support/lengths.js';
import { startProcess, type ServerProcess } from '../support/server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { castAt, slowestOf, WatchedLoad, type Asked, type Cast } from '../support/watched-load.js';

/** At least: it lasts until every route was refused. */
const FAULT_MS = inFull(6000, 1500);
const POOL_SIZE = 5;
const MOST_CONNECTIONS = 30;
/** The bound. */
const RECOVERS_WITHIN_MS = 2000;
/** What a busy machine may add to a time that is measured. */
const ROOM_MS = 1000;
/** The limit that the probe has. */
const READINESS_WITHIN_MS = 1000;
/** What the server itself needs beside its database, at most. */
const BESIDE_MS = 500;
const SO_WITHIN_MS = 30_000;
const LONG = 180_000;

const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };

/** What a fault has to break, and to mend. */
interface Stage {
  readonly postgres: DebianPostgres;
  /** Between the server and PostgreSQL. */
  readonly proxy: TcpProxy;
  /** Those of others, that use up what there is. */
  readonly others: Client[];
}

interface Fault {
  readonly name: string;
  readonly begin: (stage: Stage) => unknown;
  readonly end: (stage: Stage) => unknown;
  /**
   * What of the database is left: none, so that every answer is 503; enough for a part of the
   * answers; all of it, in other connections than those that were there, or in those alone.
   */
  readonly leaves: 'nothing' | 'a part' | 'new connections' | 'its connections';
  /** Left out of the short form: another one is much like it. */
  readonly inFullOnly?: true;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'is stopped, and started again',
    begin: ({ postgres }) => postgres.stop(),
    end: ({ postgres }) => postgres.start(),
    leaves: 'nothing',
  },
  {
    name: 'waits for its clients to go, is stopped and started again',
    begin: ({ postgres }) => postgres.signal('SIGTERM'),
    end: async ({ postgres }) => {
      await postgres.stop();
      await postgres.start();
    },
    leaves: 'a part',
    inFullOnly: true,
  },
  {
    name: 'is killed with all its processes, and started again',
    begin: ({ postgres }) => postgres.kill(),
    end: ({ postgres }) => postgres.start(),
    leaves: 'nothing',
  },
  {
    name: 'stalls: its processes stand still',
    begin: ({ postgres }) => postgres.pause(),
    end: ({ postgres }) => postgres.resume(),
    leaves: 'nothing',
  },
  {
    name: 'is cut off without a sign: nothing passes, nothing is closed',
    begin: ({ proxy }) => proxy.set({ kind: 'stall', direction: 'both' }),
    end: ({ proxy }) => proxy.pass(),
    leaves: 'nothing',
    inFullOnly: true,
  },
  {
    name: 'hears and is not heard',
    begin: ({ proxy }) => proxy.set({ kind: 'stall', direction: 'back' }),
    end: ({ proxy }) => proxy.pass(),
    leaves: 'nothing',
    inFullOnly: true,
  },
  {
    name: 'has lost its end of all connections, and nobody is told',
    begin: ({ proxy }) => proxy.halfOpen(),
    end: () => undefined,
    leaves: 'new connections',
  },
  {
    name: 'resets all connections, and refuses new ones',
    begin: ({ proxy }) => {
      proxy.set({ kind: 'refuse' });
      proxy.cut();
    },
    end: ({ proxy }) => proxy.pass(),
    leaves: 'nothing',
  },
  {
    name: 'resets all connections once',
    begin: ({ proxy }) => proxy.cut(),
    end: () => undefined,
    leaves: 'new connections',
    inFullOnly: true,
  },
  {
    name: 'is slow, within the limit: 100 ms each way',
    begin: ({ proxy }) => proxy.set({ kind: 'delay', ms: 100 }),
    end: ({ proxy }) => proxy.pass(),
    leaves: 'a part',
    inFullOnly: true,
  },
  {
    name: 'is slower than the limit: 1,500 ms each way',
    begin: ({ proxy }) => proxy.set({ kind: 'delay', ms: 1500 }),
    end: ({ proxy }) => proxy.pass(),
    leaves: 'nothing',
  },
  {
    name: 'has no connection left but those that the server has',
    begin: (stage) => useUp(stage),
    end: ({ others }) => letGo(others),
    leaves: 'its connections',
  },
  {
    name: 'has no connection left, the server none of its own',
    begin: async (stage) => {
      const { proxy } = stage;
      proxy.set({ kind: 'refuse' });
      proxy.cut();
      await useUp(stage);
      proxy.pass();
    },
    end: ({ others }) => letGo(others),
    leaves: 'nothing',
  },
];

/** Connects until PostgreSQL refuses. */
async function useUp({ postgres, others }: Stage): Promise<void> {
  for (;;) {
    const client = new Client({ connectionString: postgres.url, application_name: 'other' });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      if ((error as { code?: unknown }).code === '53300') return;
      throw error;
    }
    others.push(client);
  }
}

async function letGo(others: Client[]): Promise<void> {
  await Promise.all(others.splice(0).map((client) => client.end()));
}

describeWithDebianPostgres('PostgreSQL', () => {
  describe('with DB_TIMEOUT_MS=1000', () => {
    faults(
      1000,
      FAULTS.filter(({ inFullOnly }) => inFull(true, inFullOnly !== true)),
    );
  });

  describe('with the default of DB_TIMEOUT_MS', () => {
    faults(
      2000,
      FAULTS.filter(({ name }) => inFull(/^(stalls|hears|is slower)/, /^hears/).test(name)),
    );
  });
});

function faults(timeoutMs: number, some: readonly Fault[]): void {
  let stage: Stage;
  let server: ServerProcess;
  let cast: Cast;

  beforeAll(async () => {
    const postgres = await DebianPostgres.make([`max_connections = ${MOST_CONNECTIONS}`]);
    await postgres.start();
    stage = { postgres, proxy: await TcpProxy.start(postgres.url), others: [] };
    server = await startProcess({
      DATABASE_URL: stage.proxy.url,
      DB_POOL_SIZE: String(POOL_SIZE),
      ADMIN_CLIENT_ID: admin.clientId,
      ADMIN_CLIENT_SECRET: admin.clientSecret,
      SHUTDOWN_DRAIN_MS: '0',
      ...(timeoutMs !== 2000 && { DB_TIMEOUT_MS: String(timeoutMs) }),
    });
    cast = await castAt(server.baseUrl, admin);
  });

  afterAll(async () => {
    await server?.stop('SIGKILL');
    await letGo(stage?.others ?? []);
    await stage?.proxy.close();
    await stage?.postgres.remove();
  });

  it.each(some)(
    '$name: right answers or 503 meanwhile, and service after it',
    async ({ name, begin, end, leaves }) => {
      const load = await WatchedLoad.start(cast);
      const beganAt = performance.now();
      let settled = false;
      try {
        await begin(stage);
        const brokenAt = performance.now();
        await delay(FAULT_MS);
        if (leaves === 'nothing') await load.refusedSince(brokenAt, SO_WITHIN_MS);
        const endingAt = performance.now();
        await end(stage);
        settled = true;
        const endedAt = performance.now();
        const servedAt = await load.rightSince(endedAt, SO_WITHIN_MS);
        await load.stop();

        const during = load.asked.filter(({ answeredAt }) => answeredAt > beganAt);
        const recoveredMs = servedAt - endedAt;
        tell(name, timeoutMs, during, recoveredMs);
        expect(load.asked.filter(({ verdict }) => verdict === 'wrong')).toEqual([]);
        expect(recoveredMs).toBeLessThan(RECOVERS_WITHIN_MS + ROOM_MS);
        const slowest = slowestOf(during.filter(({ route }) => route !== 'readiness'));
        expect(slowest).toBeLessThan(timeoutMs + BESIDE_MS + ROOM_MS);
        if (leaves === 'nothing') {
          const whole = during.filter(
            ({ sentAt, answeredAt }) => sentAt > brokenAt && answeredAt < endingAt,
          );
          assertAllRefused(whole);
        }
        // It serves with what it has, and says so.
        if (leaves === 'its connections') {
          expect(during.filter(({ verdict }) => verdict === 'refused')).toEqual([]);
        }
      } finally {
        if (!settled) await end(stage);
        await load.stop();
      }
      // As before, in the same process, with no more connections than it may have.
      await until(async () => isClean(await aRound(cast)), SO_WITHIN_MS);
      await assertTokensKept(load, server.baseUrl, admin);
      expect(server.process.exitCode).toBeNull();
      await until(async () => (await connections(stage)) <= POOL_SIZE + 1, SO_WITHIN_MS);
      await until(() => stage.proxy.count() <= POOL_SIZE + 1, SO_WITHIN_MS);
    },
    LONG,
  );
}

/** Health tells what it is; of all else that needs the database none is answered. */
function assertAllRefused(asked: readonly Asked[]): void {
  const readiness = asked.filter(({ route }) => route === 'readiness');
  expect(readiness.length).toBeGreaterThan(0);
  expect(readiness.filter(({ status }) => status !== 503)).toEqual([]);
  expect(slowestOf(readiness)).toBeLessThan(READINESS_WITHIN_MS + ROOM_MS);
  const liveness = asked.filter(({ route }) => route === 'liveness');
  expect(liveness.length).toBeGreaterThan(0);
  expect(liveness.filter(({ status }) => status !== 200)).toEqual([]);
  const refused = asked.filter(
    ({ verdict, route }) => verdict === 'refused' && route !== 'readiness',
  );
  expect(refused.length).toBeGreaterThan(0);
  // What a node knows may be believed for a moment more; what it does not know is judged by nobody.
  const judged = asked.filter(
    ({ verdict, route }) => verdict === 'right' && /seen yet|nobody issued|^a token/.test(route),
  );
  expect(judged).toEqual([]);
}

/** All answers until each route was answered rightly. */
async function aRound(cast: Cast): Promise<readonly Asked[]> {
  const load = await WatchedLoad.start(cast);
  await load.stop();
  return load.asked;
}

function isClean(asked: readonly Asked[]): boolean {
  return asked.every(({ verdict }) => verdict === 'right');
}

/** How many PostgreSQL has, but for the one that asks. */
async function connections({ postgres }: Stage): Promise<number> {
  const [row] = await postgres.query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
  return row?.count ?? Infinity;
}

function tell(name: string, timeoutMs: number, asked: readonly Asked[], recoveredMs: number): void {
  const refused = asked.filter(
    ({ verdict, route }) => verdict === 'refused' && route !== 'readiness',
  );
  const [readiness, liveness] = (['readiness', 'liveness'] as const).map((route) =>
    Math.round(slowestOf(asked.filter((each) => each.route === route))),
  );
  const slowest = refused.toSorted(
    (one, other) => other.answeredAt - other.sentAt - (one.answeredAt - one.sentAt),
  )[0];
  process.stderr.write(
    `${name} (${timeoutMs} ms): ${asked.length} answers, ${refused.length} refused, ` +
      `slowest ${Math.round(slowestOf(refused))} ms (${slowest?.route}), readiness ${readiness} ms, ` +
      `liveness ${liveness} ms, service after ${Math.round(recoveredMs)} ms\n`,
  );
}
