// Packs what another service installs to guard its routes: the package entries of package.json, with
// the three folders behind them and without the rest of the server. Prints where the tarball is.
//
//   npm run pack:resource-server -- /tmp
//
// The manifest is not the server's own: that one pins every version and brings a database along.
// A service has a Nest already, and a second copy would break its injection; so Nest is a peer.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FOLDERS = ['protocol', 'errors', 'resource-server'];
const PEERS = ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', '@nestjs/swagger'];
const DEPENDENCIES = ['jose', 'lru-cache'];

const root = join(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? '.');

/** Runs a program to its end, and ends as it does where it fails. */
function run(program, ...args) {
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}

/** @param range makes the range of versions from the one that the server is pinned to */
function pick(names, dependencies, range) {
  return Object.fromEntries(names.map((name) => [name, range(dependencies[name])]));
}

/** What a service's package.json gets to see, from the server's own. */
function manifest() {
  const { name, version, license, type, engines, exports, dependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return {
    name,
    version,
    description: 'Guards for NestJS services whose callers have OAuth 2.0 access tokens',
    license,
    type,
    engines,
    exports,
    dependencies: pick(DEPENDENCIES, dependencies, (pinned) => `^${pinned}`),
    peerDependencies: pick(PEERS, dependencies, (pinned) => `^${pinned.split('.', 1)[0]}.0.0`),
  };
}

run(process.execPath, join(root, 'scripts/build-if-stale.mjs'));
mkdirSync(target, { recursive: true });
const stage = mkdtempSync(join(tmpdir(), 'postern-package-'));
try {
  for (const folder of FOLDERS) {
    const path = join('dist/src', folder);
    const filter = (file) => !file.endsWith('.map');
    cpSync(join(root, path), join(stage, path), { recursive: true, filter });
  }
  cpSync(join(root, 'LICENSE'), join(stage, 'LICENSE'));
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
  const packed = run('npm', 'pack', stage, '--json', '--pack-destination', target);
  process.stdout.write(`${join(target, JSON.parse(packed)[0].filename)}\n`);
} finally {
  rmSync(stage, { recursive: true });
}
