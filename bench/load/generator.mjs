// The load, in a process of its own: started once, it runs one slice for every message.
import { createHistogram } from 'node:perf_hooks';
import { Connection } from './connection.mjs';
import { requestsOf } from './requests.mjs';

const STUCK_MS = 15_000;

/**
 * Keeps a number of connections busy for a time: each sends its next request when the last one is
 * answered. The slice ends with the last answer.
 *
 * @param awake whether this process is never to sleep meanwhile: who answers one that does has to wake it
 * @returns how many were answered, in how many seconds, and how long they took, in milliseconds
 * @throws Error where an answer was not 2xx, or a connection broke
 */
async function slice({ port, connections, seconds, load, awake }) {
  const requests = requestsOf(load);
  const latencies = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
  let begin = 0;
  let end = 0;
  let refused = '';
  const next = () => (performance.now() < end && refused === '' ? requests() : undefined);
  const answered = (status, microseconds, answer) => {
    latencies.record(Math.max(1, Math.round(microseconds)));
    if (status < 200 || status > 299) refused ||= answer;
  };
  const all = Array.from({ length: connections }, () => open(port, next, answered));
  await within(Promise.all(all.map(({ connection }) => connection.opened)), 'no connection');
  const cpu = process.cpuUsage();
  begin = performance.now();
  end = begin + seconds * 1000;
  for (const { connection } of all) connection.send();
  if (awake) stayAwake(end);
  await within(Promise.all(all.map(({ ended }) => ended)), 'no answer', seconds * 1000);
  const took = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  if (refused !== '') throw new Error(`an answer that is not 2xx:\n${refused}`);
  return {
    requests: latencies.count,
    seconds: took,
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
    generatorCpu: (user + system) / 1e6,
  };
}

function open(port, next, answered) {
  let connection;
  const ended = new Promise((resolve, reject) => {
    const done = (error) => (error === undefined ? resolve() : reject(error));
    connection = new Connection(port, { next, answered, done });
  });
  // Awaited later; until then it must not pass for unhandled.
  ended.catch(() => undefined);
  connection.opened = Promise.race([connection.opened, ended]);
  return { connection, ended };
}

function stayAwake(end) {
  if (performance.now() < end) setImmediate(stayAwake, end);
}

function within(promise, what, ms = 0) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} for ${STUCK_MS} ms`)), ms + STUCK_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

process.on('message', (order) => {
  slice(order).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: error.message }),
  );
});
