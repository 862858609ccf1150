import { writeFileSync } from 'node:fs';
import { runCheck } from './check.mjs';
import { runDisk } from './disk.mjs';
import { runGrowth } from './growth.mjs';
import { readOptions, USAGE } from './options.mjs';
import { startPostgres } from './support/postgres.mjs';
import { stopServers } from './support/server-process.mjs';
import { runToken } from './token.mjs';

const MODES = { token: runToken, check: runCheck, disk: runDisk, growth: runGrowth };

async function main() {
  const options = readOptions(process.argv.slice(2));
  const run = MODES[options.mode];
  if (options.help || run === undefined) return USAGE;
  const postgres = await startPostgres();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void abandon(postgres));
  try {
    const { text, data } = await run(options, postgres);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(data, null, 2)}\n`);
    return text;
  } finally {
    await stopServers();
    await postgres.stop();
  }
}

/** The database ends when nobody holds it any more, so the servers go first. */
async function abandon(postgres) {
  await stopServers();
  await postgres.stop();
  process.exit(1);
}

main().then(
  (text) => process.stdout.write(`${text}\n`),
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
