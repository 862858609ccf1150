/**
 * One second on every node: whatever kills a token, a client, a secret or a scope at one node, the
 * others refuse within it, whatever becomes of the channel that tells them. Real: the built server
 * (three nodes), PostgreSQL, PgBouncer. Measured from the arrival of the 2xx to the sending of the
 * last request that was still accepted.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret, secretHint } from '../../src/clients/domain/client-secret.js';
import { secretDigest } from '../../src/secrets/digests.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { basic, getToken } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { metric } from '../support/metrics.js';
import { describeWithPgBouncer, startPgBouncer, type PgBouncer } from '../support/pgbouncer.js';
import { startServerNodes, type ServerNodes } from '../support/server-nodes.js';
import type { ServerProcess } from '../support/server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import { ask, Watch, type Outcome, type Question } from '../support/watch.js';

const BOUND_MS = 1000;
/** Of each kind in each state: eight kinds, six states, in the full form 528 revocations. */
const ROUNDS = inFull(11, 2);
/** What is killed falls at any moment between two reads of the log. */
const SPREAD_MS = 200;
const WATCHED_MS = BOUND_MS + 250;
const DB_TIMEOUT_MS = 800;
/** For a node to read the log again, and to have in its caches what it is asked. */
const NOTICED_WITHIN_MS = 10_000;
const TEST_TIMEOUT_MS = 240_000;
const FEED = 'postern-invalidation';
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'Content-Type': 'application/json' };

/** What is about to be killed: a client with a token, and two secrets of which the first one got it. */
interface Victim {
  readonly client: StoredClient;
  readonly firstSecretId: string;
  readonly token: string;
}

/** One way to kill. */
interface Kind {
  readonly name: string;
  /** What is asked afterwards; left out, a guarded route that needs nothing else of the database. */
  readonly asks?: 'a token request';
  /** How it is refused. */
  readonly refusal: number;
  kill(victim: Victim, adminToken: string): Omit<Question, 'url'> & { readonly path: string };
}

const change = (method: string, path: string, adminToken: string, body?: object) => ({
  method,
  path,
  headers: { Authorization: `Bearer ${adminToken}`, ...(body !== undefined && JSON_BODY) },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});

const KINDS: readonly Kind[] = [
  {
    name: 'a revoked token',
    refusal: 401,
    kill: ({ client, token }) => ({
      method: 'POST',
      path: '/o/revoke_token/',
      headers: { ...FORM, Authorization: basic(client) },
      body: `token=${token}`,
    }),
  },
  {
    name: 'a disabled client',
    refusal: 401,
    kill: ({ client }, admin) =>
      change('PATCH', `/clients/${client.clientId}`, admin, { enabled: false }),
  },
  {
    name: 'a deleted client',
    refusal: 401,
    kill: ({ client }, admin) => change('DELETE', `/clients/${client.clientId}`, admin),
  },
  {
    name: 'a deleted secret',
    asks: 'a token request',
    refusal: 401,
    kill: ({ client, firstSecretId }, admin) =>
      change('DELETE', `/clients/${client.clientId}/secrets/${firstSecretId}`, admin),
  },
  {
    name: 'a deleted secret, with its tokens',
    refusal: 401,
    kill: ({ client, firstSecretId }, admin) => {
      const path = `/clients/${client.clientId}/secrets/${firstSecretId}?revoke_tokens=true`;
      return change('DELETE', path, admin);
    },
  },
  {
    name: 'a rotation at once, with the tokens of the old secrets',
    refusal: 401,
    kill: ({ client }, admin) =>
      change('POST', `/clients/${client.clientId}/secrets`, admin, {
        expires_previous_in: 0,
        revoke_tokens: true,
      }),
  },
  {
    name: 'a narrowed scope',
    refusal: 403,
    kill: ({ client }, admin) =>
      change('PATCH', `/clients/${client.clientId}`, admin, { scope: 'read' }),
  },
  {
    name: 'all tokens of a client',
    refusal: 401,
    kill: ({ client }, admin) => change('DELETE', `/clients/${client.clientId}/tokens`, admin),
  },
];

/** What may be done to the ways between the nodes and the database, while something is killed. */
interface State {
  readonly name: string;
  readonly fault?: (near: TcpProxy, far: TcpProxy, round: number) => void;
  /** Longer than {@link SPREAD_MS}, where it takes a node longer to notice. */
  readonly spreadMs?: number;
  /** What may be answered meanwhile beside the refusal. */
  readonly allowed?: readonly number[];
}

const cut = (proxy: TcpProxy): void => {
  proxy.set({ kind: 'refuse' }, FEED);
  proxy.cut(FEED);
};

const stall = (proxy: TcpProxy, round: number, name?: string): void => {
  const direction = (['both', 'forth', 'back'] as const)[Math.trunc(round / 2) % 3] ?? 'both';
  proxy.set({ kind: 'stall', direction }, name);
};

const WHOLE: State = { name: 'whole' };
/** By turns the node that kills has the fault too, or the others alone. */
const FAULTS: readonly State[] = [
  {
    name: 'cut',
    fault: (near, far, round) => {
      cut(far);
      if (round % 2 === 0) cut(near);
    },
  },
  {
    name: 'stalled without a sign',
    fault: (near, far, round) => {
      stall(far, round, FEED);
      if (round % 2 === 0) stall(near, round, FEED);
    },
    spreadMs: 400,
  },
  {
    name: 'all of the database stalled',
    fault: (_near, far, round) => stall(far, round),
    spreadMs: 400,
    allowed: [503],
  },
];

/** Where it is killed. */
interface Shot {
  readonly at: ServerProcess;
  /** Each at some moment of this time. */
  readonly spreadMs: number;
  /** Called right after the 2xx; without it the same node is asked at that moment. */
  readonly answered?: () => undefined;
}

/** What was seen of one that was killed. */
interface Killing {
  readonly kind: Kind;
  /** Of each watching node. */
  readonly delays: readonly number[];
  readonly gaps: readonly number[];
  readonly statuses: ReadonlySet<number>;
  /** The status of what was asked of the same node right after it. */
  readonly own: number | undefined;
}

const lines: string[] = [];

afterAll(() => {
  const head = ['state of the channel', 'revocations', 'p50 ms', 'p99 ms', 'max ms', 'gap p99 ms'];
  // Shown by Jest as it is, also where tests pass.
  process.stdout.write(
    `\nFrom the 2xx of a revocation to the last request accepted elsewhere:\n${[
      `| ${head.join(' | ')} |`,
      `|${' --- |'.repeat(head.length)}`,
      ...lines,
    ].join('\n')}\n\n`,
  );
});

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? NaN;
}

/** Writes a line of the table, and holds it to the bound. */
function expectWithinTheBound(
  name: string,
  killings: readonly Killing[],
  allowed: readonly number[] = [],
): void {
  const delays = killings.flatMap((killing) => killing.delays);
  const gaps = killings.flatMap((killing) => killing.gaps);
  const figures = [
    quantile(delays, 0.5),
    quantile(delays, 0.99),
    Math.max(...delays),
    quantile(gaps, 0.99),
  ];
  const shown = figures.map((figure) => figure.toFixed(0)).join(' | ');
  lines.push(`| ${name} | ${killings.length} | ${shown} |`);
  expect(killings).toHaveLength(ROUNDS * KINDS.length);
  for (const { kind, own, statuses } of killings) {
    expect([kind.name, own ?? kind.refusal]).toEqual([kind.name, kind.refusal]);
    for (const status of statuses) expect([kind.refusal, ...allowed]).toContain(status);
  }
  expect(Math.max(...delays)).toBeLessThan(BOUND_MS);
}

/** Nodes, of which the first one kills and the others watch. */
interface Site {
  readonly database: TestDatabase;
  readonly servers: ServerNodes;
  readonly adminToken: string;
}

const nodesOf = ({ servers }: Site): readonly ServerProcess[] => servers.nodes;

async function aVictim({ database, servers }: Site): Promise<Victim> {
  const client = await aClient(database, { scopes: ['read', 'admin'] });
  const other = generateClientSecret();
  const [row] = await database.query<{ first: string }>(
    `WITH first AS (
       SELECT client, secret_id FROM oauth_client_secret
       WHERE client = (SELECT id FROM oauth_client WHERE client_id = $1)),
     other AS (
       INSERT INTO oauth_client_secret (secret_id, client, digest, hint)
       SELECT $2, client, $3, $4 FROM first)
     SELECT secret_id AS first FROM first`,
    [client.clientId, randomUUID(), secretDigest(other), secretHint(other)],
  );
  const token = await getToken(servers.nodes[0]?.baseUrl ?? '', client, 'read admin');
  return { client, firstSecretId: String(row?.first), token };
}

function question(kind: Kind, { client, token }: Victim, { baseUrl }: ServerProcess): Question {
  if (kind.asks === 'a token request') {
    const headers = { ...FORM, Authorization: basic(client) };
    const body = 'grant_type=client_credentials';
    return { url: `${baseUrl}/o/token/`, method: 'POST', headers, body };
  }
  const headers = { Authorization: `Bearer ${token}` };
  return { url: `${baseUrl}/access-rules/`, headers };
}

/** Of each node, what its metrics say. */
function metricOfEach({ servers }: Site, name: string): Promise<number[]> {
  return Promise.all(servers.nodes.map(({ baseUrl }) => metric(baseUrl, name)));
}

/** Waits until each node reads the log again, whose caches then begin empty. */
async function untilRead(site: Site, since: number): Promise<void> {
  await until(async () => {
    const read = await metricOfEach(site, 'postern_invalidation_last_read_timestamp_seconds');
    return read.every((seconds) => seconds * 1000 > since);
  }, NOTICED_WITHIN_MS);
}

/**
 * Asks until each check is answered from the cache of its node: else what is killed afterwards
 * would be refused at once, and nothing would be proved.
 */
async function warm(site: Site, victims: readonly Victim[]): Promise<void> {
  const checks = KINDS.filter(({ asks }) => asks === undefined).length;
  const fromCaches = () => metricOfEach(site, 'postern_token_lookups_total{from="cache"}');
  await until(async () => {
    const before = await fromCaches();
    const asked = victims.flatMap((victim, index) =>
      nodesOf(site).map((node) => ask(question(KINDS[index] as Kind, victim, node))),
    );
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    const after = await fromCaches();
    return after.every((count, index) => count - (before[index] ?? NaN) === checks);
  }, NOTICED_WITHIN_MS);
}

async function kill(
  { adminToken }: Site,
  kind: Kind,
  victim: Victim,
  { baseUrl }: ServerProcess,
): Promise<Outcome> {
  const { path, ...request } = kind.kill(victim, adminToken);
  const outcome = await ask({ ...request, url: `${baseUrl}${path}` });
  expect([kind.name, Math.trunc(outcome.status / 100)]).toEqual([kind.name, 2]);
  return outcome;
}

/** Kills at a node, asks the same node, and watches the others until long after the bound. */
async function killAndWatch(
  site: Site,
  kind: Kind,
  victim: Victim,
  { at, spreadMs, answered }: Shot,
): Promise<Killing> {
  const watches = nodesOf(site)
    .slice(1)
    .map((node) => new Watch(question(kind, victim, node)));
  await delay(Math.random() * spreadMs);
  const { answeredAt } = await kill(site, kind, victim, at);
  const own = answered === undefined ? await ask(question(kind, victim, at)) : answered();
  await delay(WATCHED_MS - (performance.now() - answeredAt));
  await Promise.all(watches.map((watch) => watch.end()));
  return {
    kind,
    own: own?.status,
    delays: watches.map(({ lastAcceptedAt }) => Math.max(0, lastAcceptedAt - answeredAt)),
    gaps: watches.map(({ longestGapMs }) => longestGapMs),
    statuses: new Set(watches.flatMap(({ statuses }) => [...statuses])),
  };
}

/** What is done around what is killed, once a round. */
interface Course {
  shot(): Shot | Promise<Shot>;
  fault?(round: number): void;
  heal?(): void;
}

async function rounds(site: Site, course: Course): Promise<Killing[]> {
  const killings: Killing[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    killings.push(...(await killEachKind(site, course, round)));
  }
  return killings;
}

/** One of each kind, during a fault; afterwards each is still refused, at every node. */
async function killEachKind(site: Site, course: Course, round: number): Promise<Killing[]> {
  const shot = await course.shot();
  const victims = await Promise.all(KINDS.map(() => aVictim(site)));
  await warm(site, victims);
  course.fault?.(round);
  const killings = await Promise.all(
    KINDS.map((kind, index) => killAndWatch(site, kind, victims[index] as Victim, shot)),
  );
  const healedAt = Date.now();
  course.heal?.();
  await untilRead(site, healedAt);
  const left = KINDS.flatMap((kind, index) =>
    nodesOf(site).map(async (node) => {
      const { status } = await ask(question(kind, victims[index] as Victim, node));
      expect([kind.name, status]).toEqual([kind.name, kind.refusal]);
    }),
  );
  await Promise.all(left);
  return killings;
}

async function aSite(
  database: TestDatabase,
  environments: readonly Record<string, string>[],
): Promise<Site> {
  const servers = await startServerNodes(database, environments);
  const adminToken = await getToken(servers.nodes[0]?.baseUrl ?? '', servers.admin, 'admin');
  return { database, servers, adminToken };
}

describe('What is killed at one node is refused at the others within a second', () => {
  let site: Site;
  let near: TcpProxy;
  let far: TcpProxy;
  /** Those that are killed after their 2xx. */
  const doomed: ServerProcess[] = [];

  beforeAll(async () => {
    const database = await createDatabase();
    near = await TcpProxy.start(database.url);
    far = await TcpProxy.start(database.url);
    const settings = { DB_TIMEOUT_MS: String(DB_TIMEOUT_MS) };
    site = await aSite(database, [
      { DATABASE_URL: near.url },
      { ...settings, DATABASE_URL: far.url },
      { ...settings, DATABASE_URL: far.url },
    ]);
  });

  afterAll(async () => {
    await Promise.all(doomed.map((node) => node.stop()));
    await site?.servers.stop();
    await near?.close();
    await far?.close();
    await site?.database.drop();
  });

  const heal = (): void => {
    near.pass();
    far.pass();
  };

  it.each([WHOLE, ...FAULTS])(
    'while the channel is $name',
    async ({ name, fault, allowed, spreadMs = SPREAD_MS }) => {
      const [at] = site.servers.nodes as [ServerProcess];
      const killings = await rounds(site, {
        shot: () => ({ at, spreadMs }),
        fault: (round) => fault?.(near, far, round),
        heal,
      });
      expectWithinTheBound(name, killings, allowed);
    },
    TEST_TIMEOUT_MS,
  );

  it('by nodes that stood still meanwhile, from the first request on when they go on', async () => {
    const [at, ...others] = site.servers.nodes as [ServerProcess, ...ServerProcess[]];
    const victims = await Promise.all(KINDS.map(() => aVictim(site)));
    await warm(site, victims);
    // As a machine does that is moved, or a process that collects garbage for long.
    for (const { process } of others) process.kill('SIGSTOP');
    const late: Promise<[string, number]>[] = [];
    try {
      for (const [index, kind] of KINDS.entries()) {
        await kill(site, kind, victims[index] as Victim, at);
      }
      await delay(BOUND_MS);
      for (const [index, kind] of KINDS.entries()) {
        for (const node of others) {
          const asked = ask(question(kind, victims[index] as Victim, node));
          late.push(asked.then(({ status }) => [kind.name, status]));
        }
      }
      await delay(100);
    } finally {
      for (const { process } of others) process.kill('SIGCONT');
    }
    for (const [name, status] of await Promise.all(late)) {
      expect([name, status]).toEqual([name, KINDS.find((kind) => kind.name === name)?.refusal]);
    }
  });

  it(
    'when the node that killed is killed itself, right after its 2xx',
    async () => {
      const killings = await rounds(site, {
        shot: async () => {
          const { nodes } = await startServerNodes(site.database, [{}]);
          const [at] = nodes as [ServerProcess];
          doomed.push(at);
          let waiting = KINDS.length;
          const answered = (): undefined => {
            waiting -= 1;
            if (waiting === 0) at.process.kill('SIGKILL');
          };
          return { at, spreadMs: 0, answered };
        },
      });
      expect(doomed.map(({ process }) => process.signalCode)).toEqual(doomed.map(() => 'SIGKILL'));
      expectWithinTheBound('whole, the node that answered killed with kill -9', killings);
    },
    TEST_TIMEOUT_MS,
  );
});

describeWithPgBouncer('Through PgBouncer in transaction mode too', () => {
  let site: Site;
  let pgBouncer: PgBouncer;

  beforeAll(async () => {
    const database = await createDatabase();
    pgBouncer = await startPgBouncer(database.url, 4);
    const pooled = { DATABASE_URL: pgBouncer.url, DB_POOLER: 'transaction' };
    site = await aSite(database, [pooled, pooled, pooled]);
  });

  afterAll(async () => {
    await site?.servers.stop();
    await pgBouncer?.stop();
    await site?.database.drop();
  });

  it(
    'what is killed at one node is refused at the others within a second',
    async () => {
      const [at] = site.servers.nodes as [ServerProcess];
      const killings = await rounds(site, { shot: () => ({ at, spreadMs: SPREAD_MS }) });
      expectWithinTheBound('whole, through PgBouncer', killings);
    },
    TEST_TIMEOUT_MS,
  );
});
