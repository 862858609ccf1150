/**
 * An error that nobody caught. Real: the built server, alone and as workers; a module loaded before
 * it throws on SIGUSR2, outside of every request.
 */
import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basic, postForm } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { cleanUpAfterEach } from '../support/clean-up.js';

const SO_WITHIN_MS = 30_000;

const HIDDEN = 'hidden-value-of-a-request';
const FAULTS = {
  'an error thrown': `throw fault`,
  'a promise rejected': `void Promise.reject(fault)`,
  'a promise rejected with what is no error': `void Promise.reject('${HIDDEN}')`,
} as const;

const cleanUp = cleanUpAfterEach();

/** Starts a server that a SIGUSR2 makes run some code, outside of every request. */
async function startFaulty(
  fault: string,
  environment: Record<string, string> = {},
): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-fault-'));
  cleanUp(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'fault.mjs');
  writeFileSync(
    file,
    `import { Server } from 'node:http';
    process.on('SIGUSR2', () => {
      const fault = Object.assign(new Error('planted'), { code: 'PLANTED' });
      for (const name of ['parameters', 'query', 'detail', 'where', 'input', 'config'])
        fault[name] = ['${HIDDEN}'];
      setImmediate(() => { ${fault}; });
    });`,
  );
  const server = await startServer({ NODE_OPTIONS: `--import=${file}`, ...environment });
  let stopped: Promise<unknown> | undefined;
  const stop = (signal?: NodeJS.Signals): Promise<number | null> =>
    (stopped ??= server.stop(signal)) as Promise<number | null>;
  cleanUp(() => stop('SIGKILL'));
  return { ...server, stop };
}

/** Waits for the end of a process; gives its exit status. */
async function endOf({ process: child }: TestServer): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

interface Line {
  readonly level: string;
  readonly pid: number;
  readonly msg: string;
  readonly err?: Record<string, unknown>;
  readonly thrown?: string;
  readonly worker_pid?: number;
  readonly code?: number;
}

function lines(output: string): Line[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);
}

const fatal = (server: TestServer): Line[] =>
  lines(server.output()).filter(({ level }) => level === 'fatal');

/** A token request whose body is still to come. */
async function beginTokenRequest(server: TestServer): Promise<{ end(): Promise<string> }> {
  const { hostname, port } = new URL(server.baseUrl);
  const socket: Socket = connect(Number(port), hostname);
  cleanUp(() => socket.destroy());
  const body = 'grant_type=client_credentials';
  socket.write(
    [
      'POST /o/token/ HTTP/1.1',
      'Host: postern.test',
      `Authorization: ${basic(server.admin)}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      'Expect: 100-continue',
      '\r\n',
    ].join('\r\n'),
  );
  // Asked to go on: so the request has arrived.
  await once(socket, 'data');
  return {
    end: async () => {
      socket.write(body);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString();
    },
  };
}

describe('an error that nobody caught', () => {
  it.each(Object.keys(FAULTS) as (keyof typeof FAULTS)[])(
    '(%s) is one line of the log, without what the error carries; then the process stops in order, with 1',
    async (what) => {
      const server = await startFaulty(FAULTS[what]);
      const begun = await beginTokenRequest(server);
      server.process.kill('SIGUSR2');
      await until(() => fatal(server).length > 0, SO_WITHIN_MS);
      expect(await begun.end()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
      expect(await endOf(server)).toBe(1);
      const told = fatal(server);
      expect(told).toHaveLength(1);
      expect(told[0]).toMatchObject({ msg: 'nobody caught this error: the process ends' });
      if (what.endsWith('no error')) expect(told[0]).toMatchObject({ thrown: 'no error' });
      else
        expect(told[0]?.err).toMatchObject({ type: 'Error', message: 'planted', code: 'PLANTED' });
      expect(server.output()).not.toContain(HIDDEN);
      expect(lines(server.output()).at(-1)).toMatchObject({ msg: 'stopped' });
    },
  );

  it('is told each time, and ends the process with 1 though a stop by a signal was under way', async () => {
    const server = await startFaulty('throw fault');
    const begun = await beginTokenRequest(server);
    server.process.kill('SIGTERM');
    await until(() => server.output().includes('"stopping"'), SO_WITHIN_MS);
    for (const times of [1, 2]) {
      server.process.kill('SIGUSR2');
      await until(() => fatal(server).length === times, SO_WITHIN_MS);
    }
    await begun.end();
    expect(await endOf(server)).toBe(1);
  });

  it('ends the process in bounded time, where the stop hangs', async () => {
    const hang = 'Server.prototype.close = function () { return this; }; throw fault';
    const server = await startFaulty(hang, { SHUTDOWN_GRACE_MS: '100' });
    const begun = performance.now();
    server.process.kill('SIGUSR2');
    expect(await endOf(server)).toBe(1);
    expect(performance.now() - begun).toBeGreaterThan(9_000);
    expect(lines(server.output()).at(-1)).toMatchObject({ level: 'fatal' });
  });

  it('in a worker ends that one alone, which finishes what runs, and another follows', async () => {
    const server = await startFaulty('throw fault', { WORKERS: '2' });
    const ready = (): number[] =>
      lines(server.output())
        .filter(({ msg }) => msg === 'a worker is ready')
        .map(({ worker_pid }) => worker_pid ?? 0);
    await until(() => ready().length === 2, SO_WITHIN_MS);
    const [faulty = 0] = ready();
    process.kill(faulty, 'SIGUSR2');
    await until(() => ready().length === 3, SO_WITHIN_MS);
    expect(fatal(server)).toMatchObject([{ pid: faulty, err: { message: 'planted' } }]);
    expect(server.output()).not.toContain(HIDDEN);
    const ended = lines(server.output()).find(({ msg }) => msg.startsWith('a worker has ended'));
    expect(ended).toMatchObject({ worker_pid: faulty, code: 1 });
    const answer = await postForm(
      `${server.baseUrl}/o/token/`,
      { grant_type: 'client_credentials' },
      { Authorization: basic(server.admin) },
    );
    expect(answer.status).toBe(200);
    expect(await server.stop()).toBe(0);
  });
});
