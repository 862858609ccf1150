// The load, in a process of its own: it runs one slice for every message, in a closed loop (each
// connection sends its next request when the last one is answered) or in an open one, by the clock.
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '../../bench/load/connection.mjs';

/** What is still under way at the end is waited for so long. */
const LAST_ANSWERS_MS = 15_000;
const HAS_RETRY_AFTER = /\r\nretry-after: *\d/i;

/** A connection that waits for its next request to be due. */
class Caller extends Connection {
  complete() {
    const { head } = this;
    this.head = '';
    this.answered(Number(head.slice(9, 12)), (performance.now() - this.sentAt) * 1000, head);
    this.idle?.();
  }
}

/**
 * @param order `rate`: requests a second; left out, a closed loop. `request`: all of it
 * @returns how many were accepted, refused (503), and neither; how long they took, in ms; how many
 *   were due and not sent, since no connection was free; and the seconds of this process's own CPU
 */
async function slice({ port, connections, seconds, request, rate }) {
  const times = { 200: histogram(), 503: histogram() };
  const others = {};
  let bare = 0;
  let measured = false;
  const answered = (status, microseconds, head) => {
    if (!measured) return;
    if (status in times) times[status].record(Math.max(1, Math.round(microseconds)));
    else others[status] = (others[status] ?? 0) + 1;
    if (status === 503 && !HAS_RETRY_AFTER.test(head)) bare += 1;
  };
  const free = [];
  const broken = [];
  const allFree = async () => {
    const giveUp = performance.now() + LAST_ANSWERS_MS;
    while (free.length < connections && broken.length === 0 && performance.now() < giveUp) {
      await delay(5);
    }
  };
  const callers = Array.from({ length: connections }, () => {
    const caller = new Caller(port, {
      next: () => request,
      answered,
      done: (error) => error !== undefined && broken.push(error.message),
    });
    caller.idle = () => free.push(caller);
    return caller;
  });
  await Promise.all(callers.map(({ opened }) => opened));
  // Only an answer shows that the server has taken a connection from the kernel's queue.
  for (const caller of callers) caller.send();
  await allFree();
  const cpu = process.cpuUsage();
  measured = true;
  const begin = performance.now();
  const end = begin + seconds * 1000;
  let due = 0;
  let sent = 0;
  const send = (caller) => {
    sent += 1;
    caller.send();
  };
  if (rate === undefined) {
    for (const caller of free.splice(0)) {
      caller.idle = () => (performance.now() < end ? send(caller) : free.push(caller));
      send(caller);
    }
    await delay(seconds * 1000);
  } else {
    for (let now = begin; now < end; now = performance.now()) {
      const dueNow = Math.floor(((now - begin) * rate) / 1000);
      for (; due < dueNow; due += 1) if (free.length > 0) send(free.shift());
      await delay(1);
    }
  }
  const took = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await allFree();
  const unanswered = connections - free.length;
  const failures = [...broken];
  for (const caller of callers) caller.end();
  return {
    seconds: took,
    due: rate === undefined ? sent : due,
    sent,
    accepted: times[200].count,
    refused: times[503].count,
    others,
    refusedWithoutRetryAfter: bare,
    unanswered,
    failures,
    acceptedMs: told(times[200]),
    refusedMs: told(times[503]),
    cpuSeconds: (user + system) / 1e6,
  };
}

function histogram() {
  return createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 });
}

function told(histogram_) {
  if (histogram_.count === 0) return { p50: 0, p99: 0, max: 0 };
  return {
    p50: histogram_.percentile(50) / 1000,
    p99: histogram_.percentile(99) / 1000,
    max: histogram_.max / 1000,
  };
}

process.on('message', (order) => {
  slice(order).then(
    (result) => process.send({ result }),
    (error) => process.send({ error: error.message }),
  );
});
