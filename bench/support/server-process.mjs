import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { familyCpuSeconds, peakMiB } from './process-figures.mjs';

const START_MS = 30_000;
const STOP_MS = 10_000;

const running = new Set();

/** Stops the servers that are still up. */
export async function stopServers() {
  await Promise.all([...running].map(stop));
}

/**
 * Starts a server under test: one process, of the same Node as the bench, with nothing of the
 * caller's environment but what a program needs to run.
 *
 * @param args of Node: the file to run, and options before it
 * @returns when it takes connections
 */
export async function startServer(name, args, env) {
  const port = await freePort();
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), NODE_ENV: 'production', PORT: port, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (told += text));
  running.add(child);
  await untilListening(child, port, () => `${name} did not start:\n${told}`);
  return {
    name,
    port,
    pid: child.pid,
    cpuSeconds: () => familyCpuSeconds(child.pid),
    peakMiB: () => peakMiB(child.pid),
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function untilListening(child, port, failure) {
  const end = performance.now() + START_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > end) {
      child.kill('SIGKILL');
      throw new Error(failure());
    }
    await delay(50);
  }
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}

async function stop(child) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
