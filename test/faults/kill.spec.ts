/**
 * Nothing that was answered is lost or taken back by kill -9, of a node or of the database; and what
 * was not answered was done with its audit event, or not at all. Real: processes of the built
 * server, SIGKILL, PostgreSQL.
 */
import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { createDatabase } from '../support/database.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { assertKept } from '../support/kept.js';
import { inFull } from '../support/lengths.js';
import { MixedLoad, type Ledger } from '../support/mixed-load.js';
import { freePort, startProcess, type ServerProcess } from '../support/server.js';

const KILLS_OF_A_NODE = inFull(50, 3);
const KILLS_OF_THE_DATABASE = inFull(10, 1);
/** A node is killed so long after the last one, at the most. */
const MOST_PAUSE_MS = 700;
const SERVED_AGAIN_WITHIN_MS = 30_000;
const LONG = 10 * 60_000;

const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };

/** Starts a node, on a port of its own that it keeps over its lives. */
function startNode(url: string, port: number): Promise<ServerProcess> {
  return startProcess({
    PORT: String(port),
    DATABASE_URL: url,
    ADMIN_CLIENT_ID: admin.clientId,
    ADMIN_CLIENT_SECRET: admin.clientSecret,
    PUBLIC_URL: 'http://nodes.postern.test',
    SHUTDOWN_DRAIN_MS: '0',
  });
}

it(
  `kill -9 of a node under load, ${KILLS_OF_A_NODE} times: what was answered holds`,
  async () => {
    const database = await createDatabase();
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const start = (port: number) => startNode(database.url, port);
    let nodes: ServerProcess[] = [];
    try {
      nodes = await Promise.all(ports.map(start));
      const load = await MixedLoad.start(nodes, admin);
      await load.ledger.answered(100);
      for (let kills = 0; kills < KILLS_OF_A_NODE; kills += 1) {
        await delay(Math.random() * MOST_PAUSE_MS);
        const [victim] = nodes.splice(Math.floor(Math.random() * nodes.length), 1);
        await victim?.stop('SIGKILL');
        // One that is killed while another has not come back yet would leave too few.
        nodes.push(await start(Number(new URL(victim?.baseUrl ?? '').port)));
      }
      await load.ledger.answered(100);
      await load.stop();
      // One that has just started has nothing in its caches.
      const fresh = await start(await freePort());
      nodes.push(fresh);
      await assertKept(load.ledger, fresh.baseUrl, admin, (text) => database.query(text));
      tell('kill -9 of a node', KILLS_OF_A_NODE, load.ledger);
      // Of a few kills, all may have come between two requests.
      expect(load.ledger.unanswered).toBeGreaterThanOrEqual(inFull(1, 0));
      expect(load.ledger.refused.filter((status) => status !== 503)).toEqual([]);
    } finally {
      await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
      await database.drop();
    }
  },
  LONG,
);

describeWithDebianPostgres('kill -9 of PostgreSQL with all its processes', () => {
  it(
    `under load, ${KILLS_OF_THE_DATABASE} times: what was answered holds`,
    async () => {
      const postgres = await DebianPostgres.make();
      const nodes: ServerProcess[] = [];
      try {
        await postgres.start();
        nodes.push(await startNode(postgres.url, await freePort()));
        nodes.push(await startNode(postgres.url, await freePort()));
        const load = await MixedLoad.start(nodes, admin);
        await load.ledger.answered(100);
        for (let kills = 0; kills < KILLS_OF_THE_DATABASE; kills += 1) {
          await delay(Math.random() * MOST_PAUSE_MS);
          await postgres.kill();
          await postgres.start();
          await load.ledger.answered(50, SERVED_AGAIN_WITHIN_MS);
        }
        await load.stop();
        const fresh = await startNode(postgres.url, await freePort());
        nodes.push(fresh);
        await assertKept(load.ledger, fresh.baseUrl, admin, (text) => postgres.query(text));
        tell('kill -9 of PostgreSQL', KILLS_OF_THE_DATABASE, load.ledger);
        // A node outlives it: none was started anew, and all that it said meanwhile was 503.
        expect(nodes.map(({ process: { exitCode } }) => exitCode)).toEqual([null, null, null]);
        expect(load.ledger.refused.filter((status) => status !== 503)).toEqual([]);
      } finally {
        await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
        await postgres.remove();
      }
    },
    LONG,
  );
});

function tell(what: string, times: number, ledger: Ledger): void {
  process.stderr.write(`${what}, ${times} times: ${ledger.summary()}\n`);
}
