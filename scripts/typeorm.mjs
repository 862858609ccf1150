// TypeORM's own command line on the compiled data source (`ormconfig.ts`): with DATABASE_URL on
// that database, else on the embedded one, which is brought up for the length of the command.
import { spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const args = process.argv.slice(2);

function run(command, ...rest) {
  const { status } = spawnSync(process.execPath, [command, ...rest], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

async function embeddedUrl() {
  const { startEmbeddedPostgres } =
    await import('../dist/src/database/embedded/embedded-postgres.js');
  return startEmbeddedPostgres({
    dataDir: resolve(process.env.DATA_DIR || '.data'),
    onProgress: (message) => process.stderr.write(`${message}\n`),
  });
}

run(join(root, 'scripts/build-if-stale.mjs'));
const embedded = process.env.DATABASE_URL ? undefined : await embeddedUrl();
const cli = spawn(
  process.execPath,
  [join(root, 'node_modules/typeorm/cli.js'), ...args, '-d', 'dist/ormconfig.js'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...(embedded && { DATABASE_URL: embedded.url }) },
  },
);
const status = await new Promise((done) => cli.on('close', done));
await embedded?.stop();
// TypeORM writes in a style of its own.
if (status === 0 && args[0] === 'migration:generate' && !args.includes('--check')) {
  run(
    join(root, 'node_modules/prettier/bin/prettier.cjs'),
    '--write',
    'src/*/storage/migrations/*.ts',
  );
}
process.exitCode = status ?? 1;
