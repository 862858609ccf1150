// Builds when a source has changed since the last build, so that `npm start` is quick when nothing
// changed and never runs old code when something did.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stamp = join(root, 'dist/.built-from');
const inputs = ['ormconfig.ts', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

/** The newest change among the sources; a folder's own time tells of a deleted file. */
function newestChange() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) =>
    join('src', name),
  );
  const times = [...inputs, 'src', ...sources].map((name) => statSync(join(root, name)).mtimeMs);
  return String(Math.max(...times));
}

// Taken before the build: what changes while it runs makes the next one stale.
const newest = newestChange();
const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
const current = existsSync(stamp) && readFileSync(stamp, 'utf8') === newest;
// Without the development dependencies there is nothing to build with, and dist is what was shipped.
if (!current && existsSync(nest)) {
  process.stderr.write('Building…\n');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, newest);
}
