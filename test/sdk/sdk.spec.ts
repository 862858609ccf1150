/**
 * A client that a public generator makes from the OpenAPI document compiles strictly, and runs the
 * whole life of a client against the built server.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startServer, type TestServer } from '../support/server.js';

const ROOT = join(import.meta.dirname, '../..');
const COMPILER = {
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    types: ['node'],
    outDir: 'out',
    skipLibCheck: true,
  },
  include: ['*.ts', 'sdk'],
};

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = mkdtempSync(join(tmpdir(), 'postern-sdk-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(import.meta.dirname, 'life-of-a-client.ts.txt'), join(folder, 'life-of-a-client.ts'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(COMPILER));
});

afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program of Node in the folder; gives what it says, and throws with it where it fails. */
async function run(...args: string[]): Promise<string> {
  const said = promisify(execFile)(process.execPath, args, { cwd: folder });
  const { stdout, stderr } = await said.catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${args.join(' ')}:\n${error.stdout}${error.stderr}`);
  });
  return stdout + stderr;
}

describe('a generated client', () => {
  it('is generated without a warning, compiles strictly, and runs the life of a client', async () => {
    const document = await fetch(`${server.baseUrl}/docs/openapi.json`);
    writeFileSync(join(folder, 'openapi.json'), await document.text());
    const generator = join(ROOT, 'node_modules/@hey-api/openapi-ts/bin/run.js');
    const told = await run(
      generator,
      '-i',
      'openapi.json',
      '-o',
      'sdk',
      '-c',
      '@hey-api/client-fetch',
    );
    expect(told).not.toMatch(/warn|error/i);
    await run(join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json');
    const { clientId, clientSecret } = server.admin;
    const done = await run('out/life-of-a-client.js', server.baseUrl, clientId, clientSecret);
    expect(JSON.parse(done)).toEqual([
      'client.deleted',
      'client.updated',
      'tokens.revoked',
      'secret.deleted',
      'secret.created',
      'client.updated',
      'client.created',
    ]);
  });
});
