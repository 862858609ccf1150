import { alternate, measureSlice } from './support/slices.mjs';
import { Generator } from './support/generator.mjs';

/** Code that has run little is slow: before what counts, each server gets slices that do not. */
const WARM_UP = { connections: 32, slices: 2 };

/**
 * Runs contests: for each a load, and the servers that it goes to in turn.
 *
 * @param contests `{ subject, loadOf, servers }`: servers that are up, and the load for each
 * @returns cells `{ subject, connections, server, slices, peakMiB }`, and how many requests each
 *   server answered in all
 */
export async function runContests(contests, options, postgres) {
  const generator = new Generator();
  const cells = [];
  const answered = new Map();
  try {
    for (const { subject, loadOf, servers } of contests) {
      const run = (connections, slices) =>
        alternate(servers, slices, async (server) => {
          const order = { load: loadOf(server), connections, seconds: options.seconds };
          const slice = await measureSlice({ generator, postgres }, server, order);
          answered.set(server.name, (answered.get(server.name) ?? 0) + slice.requests);
          return slice;
        });
      await run(WARM_UP.connections, WARM_UP.slices);
      for (const connections of options.connections) {
        process.stderr.write(`${subject}, ${connections} connections …\n`);
        const found = await run(connections, options.slices);
        cells.push(...servers.map((server) => toCell(subject, connections, server, found)));
      }
    }
  } finally {
    generator.stop();
  }
  return { cells, answered };
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
