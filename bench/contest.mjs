import { alternate, measureSlice } from './support/slices.mjs';
import { Generator } from './support/generator.mjs';
import { stopServers } from './support/server-process.mjs';

/** Code that has run little is slow: before what counts, each server gets load that does not. */
const WARM_UP_CONNECTIONS = 32;
/** At most, in seconds: while the others had their slices, this one's code has left the caches. */
const LEAD_IN = 1;

/**
 * Runs contests: for each a load, and the servers that it goes to in turn.
 *
 * @param contests `{ subject, loadOf, servers, awake }`: servers that are up, the load for each, and
 *   whether the load is never to sleep
 * @returns cells `{ subject, connections, server, slices, peakMiB }`, and how many requests each
 *   server answered in all
 */
export async function runContests(contests, options, postgres) {
  const generator = new Generator();
  const cells = [];
  const answered = new Map();
  try {
    for (const { subject, loadOf, servers, awake } of contests) {
      const load = async (server, connections, seconds) => {
        const order = { load: loadOf(server), connections, seconds, awake };
        const slice = await measureSlice({ generator, postgres }, server, order);
        add(answered, server.name, slice.requests);
        return slice;
      };
      for (const server of servers) await load(server, WARM_UP_CONNECTIONS, options.warmUp);
      for (const connections of options.connections) {
        process.stderr.write(`${subject}, ${connections} connections …\n`);
        const found = await alternate(servers, options.slices, async (server) => {
          await load(server, connections, Math.min(LEAD_IN, options.seconds));
          return load(server, connections, options.seconds);
        });
        cells.push(...servers.map((server) => toCell(subject, connections, server, found)));
      }
    }
  } finally {
    generator.stop();
  }
  return { cells, answered };
}

/**
 * Runs the same contests several times with servers started anew, and puts their slices together: the
 * same code in another process is a tenth and more faster or slower, for as long as that lasts.
 *
 * @param run starts the servers, and runs the contests with these options
 * @returns as runContests
 */
export async function overStarts({ starts, slices, ...others }, run) {
  const cells = new Map();
  const answered = new Map();
  for (let start = 0; start < starts; start += 1) {
    const found = await run({ ...others, slices: Math.ceil(slices / starts) });
    await stopServers();
    for (const cell of found.cells) {
      const { subject, connections, server } = cell;
      const key = [subject, connections, server].join();
      cells.set(key, together(cells.get(key), cell));
    }
    for (const [name, count] of found.answered) add(answered, name, count);
  }
  return { cells: [...cells.values()], answered };
}

function add(counts, name, count) {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function together(earlier, cell) {
  if (earlier === undefined) return cell;
  return {
    ...cell,
    slices: [...earlier.slices, ...cell.slices],
    peakMiB: Math.max(earlier.peakMiB, cell.peakMiB),
  };
}

function toCell(subject, connections, { name, peakMiB }, slices) {
  return { subject, connections, server: name, slices: slices.get(name), peakMiB: peakMiB() };
}

/** This project's own, which is always there, and those of the others that were asked for. */
export function chosen(names, own, only) {
  for (const name of only ?? []) {
    if (!names.includes(name)) throw new Error(`--only knows ${names.join(', ')}`);
  }
  return names.filter((name) => name === own || only === undefined || only.includes(name));
}
