// Copies this tree to a new folder, without the payments: without src/payments and without the one
// line of src/app.module.ts that names it. The rest has to build and to pass its tests there.
//
//   node scripts/without-payments.mjs /tmp/postern-without-payments
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const [given] = process.argv.slice(2);
if (given === undefined) fail('Say where to: node scripts/without-payments.mjs <folder>');
const target = resolve(given);

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** What belongs to the project: what git tracks, and what it would track. */
function projectFiles() {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) fail(`git can't list the files of ${root}: ${stderr}`);
  // What is deleted and not yet committed is still listed; node_modules is where it is a link.
  return stdout
    .split('\0')
    .filter((name) => name !== '' && name !== 'node_modules' && existsSync(join(root, name)));
}

mkdirSync(target, { recursive: true });
if (readdirSync(target).length > 0) fail(`${target} is not empty.`);
for (const name of projectFiles()) cpSync(join(root, name), join(target, name));
symlinkSync(join(root, 'node_modules'), join(target, 'node_modules'));

const payments = join(target, 'src/payments');
if (!existsSync(payments)) fail('There is no src/payments to leave out.');
rmSync(payments, { recursive: true });

const appModule = join(target, 'src/app.module.ts');
const lines = readFileSync(appModule, 'utf8').split('\n');
const naming = lines.filter((line) => /payments/i.test(line));
if (naming.length !== 1) {
  fail(`One line of src/app.module.ts was to name the payments, not ${naming.length}:
${naming.join('\n')}`);
}
writeFileSync(appModule, lines.filter((line) => line !== naming[0]).join('\n'));
