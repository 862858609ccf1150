/**
 * Three nodes are started anew, one after the other, behind a real HAProxy as docs/deploying.md sets
 * it up. Real: the built server, HAProxy, PostgreSQL, SIGTERM, callers on kept and on new connections.
 */
import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { describeWithHaproxy, startHaproxy, type Haproxy } from '../support/haproxy.js';
import { inFull } from '../support/lengths.js';
import { startServerNodes } from '../support/server-nodes.js';
import { freePort, startProcess, type ServerProcess } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';
import { ask } from '../support/watch.js';

const NODES = 3;
const ROUNDS = inFull(3, 1);
const CALLERS = 16;
const NEW_CONNECTIONS = 4;
const UP_WITHIN_MS = 30_000;

describeWithHaproxy('A rolling restart of three nodes behind HAProxy', () => {
  let database: TestDatabase;
  let nodes: ServerProcess[] = [];
  let haproxy: Haproxy;

  beforeAll(async () => {
    database = await createDatabase();
  });

  afterAll(async () => {
    await haproxy?.stop();
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await database?.drop();
  });

  it(`under load, ${ROUNDS} times: no request fails, and each node ends with 0`, async () => {
    const ports = await Promise.all(Array.from({ length: NODES }, freePort));
    // As in production: the time to drain is the one that is set where nothing else is.
    const settings = (port: number) => ({ PORT: String(port), SHUTDOWN_DRAIN_MS: '2000' });
    const started = await startServerNodes(database, ports.map(settings));
    nodes = [...started.nodes];
    haproxy = await startHaproxy(ports.map((port) => `127.0.0.1:${port}`));

    const load = new SteadyLoad(haproxy.baseUrl, started.admin, CALLERS);
    const over = new AbortController();
    const checks = Array.from({ length: NEW_CONNECTIONS }, () => check(over.signal));
    await load.answered(200);
    const statuses: (number | null)[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, port] of ports.entries()) {
        statuses.push((await nodes[index]?.stop()) ?? null);
        nodes[index] = await startProcess({
          DATABASE_URL: database.url,
          PUBLIC_URL: 'http://nodes.postern.test',
          ...settings(port),
        });
        await untilUp();
        await load.answered(100);
      }
    }
    over.abort();
    const checked = (await Promise.all(checks)).flat();
    await load.stop();
    const upstreams = await haproxy.upstreams();
    const total = (of: 'connections' | 'reused') =>
      upstreams.reduce((sum, upstream) => sum + upstream[of], 0);
    process.stderr.write(
      `${NODES * ROUNDS} restarts: ${load.sent.length} tokens, the slowest in ${Math.round(load.slowestMs)} ms; ` +
        `${checked.length} on new connections; ${total('connections')} connections to the nodes, ${total('reused')} requests on kept ones\n`,
    );
    expect(load.failed).toEqual([]);
    expect(checked.filter((status) => status !== 200)).toEqual([]);
    expect(statuses).toEqual(Array.from({ length: NODES * ROUNDS }, () => 0));
    expect(total('reused')).toBeGreaterThan(total('connections'));
  });

  /** Asks on a new connection each time; gives the statuses, 0 where there was no answer. */
  async function check(until: AbortSignal): Promise<number[]> {
    const statuses: number[] = [];
    while (!until.aborted) {
      const url = `${haproxy.baseUrl}/.well-known/oauth-authorization-server`;
      statuses.push((await ask({ url })).status);
      await delay(10);
    }
    return statuses;
  }

  async function untilUp(): Promise<void> {
    const end = performance.now() + UP_WITHIN_MS;
    while ((await haproxy.upstreams()).some(({ status }) => status !== 'UP')) {
      if (performance.now() > end) throw new Error(`not up in time:\n${haproxy.output()}`);
      await delay(50);
    }
  }
});
