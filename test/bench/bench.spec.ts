/**
 * The benchmarks run, each as short as it can be: what they say is for people to judge, and no test
 * is timed. Real: the command, the servers beside this one, PostgreSQL.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const SHORTEST =
  '--connections 4 --seconds 0.2 --slices 1 --starts 1 --warm-up 0.2 --rows 2000'.split(' ');

/** @throws with what it wrote where it fails: a server gave an answer that is not 2xx, or none */
async function bench(mode: string): Promise<string> {
  const args = [join(ROOT, 'bench/main.mjs'), mode, ...SHORTEST];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  return stdout;
}

describe('npm run bench', () => {
  it.each([
    [
      'token',
      /^\| token +\| +4 \| postern +\|/m,
      /^\| token, 32 connections +\| oidc-provider +\|/m,
    ],
    ['check', /^\| cached +\| +4 \| nest-open +\|/m, /^\| check of a token, cached,/m],
    ['disk', /^2000 tokens in /m, /^\| bytes a live token +\|/m],
  ])('-- %s measures, and says how far the goals are', async (mode, figures, goals) => {
    const printed = await bench(mode);
    expect(printed).toMatch(figures);
    expect(printed).toMatch(goals);
  });
});
