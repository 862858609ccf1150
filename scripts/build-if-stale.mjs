// Builds when a source is newer than the last build, so that `npm start` is quick when nothing
// changed and never runs old code when something did.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const stamp = join(root, 'dist/.tsbuildinfo');
const inputs = ['ormconfig.ts', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'];

function newestSource() {
  const sources = readdirSync(join(root, 'src'), { recursive: true }).map((name) =>
    join('src', name),
  );
  // A folder's own time counts as well: it is what a deleted file leaves behind.
  return Math.max(...[...inputs, ...sources].map((name) => statSync(join(root, name)).mtimeMs));
}

const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
const stale = !existsSync(stamp) || statSync(stamp).mtimeMs < newestSource();
if (stale && existsSync(nest)) {
  process.stderr.write('Building…\n');
  const { status } = spawnSync(process.execPath, [nest, 'build'], { cwd: root, stdio: 'inherit' });
  process.exit(status ?? 1);
}
