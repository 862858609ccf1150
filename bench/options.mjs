import { parseArgs } from 'node:util';

export const USAGE = `npm run bench [-- [token|check|disk|growth] [options]]

  --connections 1,32,256   how many connections, one after the other
  --seconds 2              length of a slice
  --slices 6               slices of each server, for each number of connections
  --starts 2               how often all servers are started anew for them (token, check)
  --warm-up 15             seconds of load that each server gets first, which do not count
  --only a,b               these servers alone, beside this project's
  --rows 2000000           tokens to store (disk, growth)
  --json <file>            writes every slice there too
  --quick                  about a minute: --seconds 0.5 --slices 2 --starts 1 --warm-up 2 --rows 200000
`;

/** Reads the command line. */
export function readOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      connections: { type: 'string', default: '1,32,256' },
      seconds: { type: 'string' },
      slices: { type: 'string' },
      starts: { type: 'string' },
      'warm-up': { type: 'string' },
      only: { type: 'string' },
      rows: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const usual = values.quick
    ? { seconds: 0.5, slices: 2, starts: 1, warmUp: 2, rows: 200_000 }
    : { seconds: 2, slices: 6, starts: 2, warmUp: 15, rows: 2_000_000 };
  return {
    mode: positionals[0] ?? 'token',
    help: values.help,
    json: values.json,
    only: values.only?.split(','),
    connections: values.connections.split(',').map((text) => positive(text, 'connections')),
    seconds: positive(values.seconds ?? usual.seconds, 'seconds'),
    slices: positive(values.slices ?? usual.slices, 'slices'),
    starts: positive(values.starts ?? usual.starts, 'starts'),
    warmUp: positive(values['warm-up'] ?? usual.warmUp, 'warm-up'),
    rows: positive(values.rows ?? usual.rows, 'rows'),
  };
}

function positive(text, name) {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0`);
  return value;
}
