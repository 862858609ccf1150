/** What the documents show to a newcomer works, literally. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { example } from '../support/examples.js';

const ROOT = join(import.meta.dirname, '../..');

describe('the module of the README with the test of docs/guarding.md', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-newcomer-'));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const name of ['tsconfig.json', 'package.json', '.oxlintrc.json', '.prettierrc.json']) {
      cpSync(join(ROOT, name), join(folder, name));
    }
    mkdirSync(join(folder, 'src/orders'), { recursive: true });
    for (const name of ['protocol', 'errors', 'resource-server']) {
      const filter = (file: string): boolean => !file.endsWith('.spec.ts');
      cpSync(join(ROOT, 'src', name), join(folder, 'src', name), { recursive: true, filter });
    }
    const module = example('README.md', 'class OrdersController');
    writeFileSync(join(folder, 'src/orders/orders.module.ts'), module);
    const test = example('docs/guarding.md', 'createTestingModule');
    writeFileSync(join(folder, 'src/orders/orders.spec.ts'), test);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a tool in the newcomer's folder; throws with what it says where it fails. */
  function run(tool: string, ...args: string[]): void {
    try {
      execFileSync(process.execPath, [...args], { cwd: folder, stdio: 'pipe' });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
      throw new Error(`${tool}:\n${stdout.toString()}${stderr.toString()}`, { cause: error });
    }
  }

  const bin = (name: string): string => join(ROOT, 'node_modules', name);

  it('passes its own test, with the real guard', () => {
    const config = {
      rootDir: folder,
      testEnvironment: 'node',
      extensionsToTreatAsEsm: ['.ts'],
      moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
      transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.json' }] },
    };
    const jest = ['--experimental-vm-modules', bin('jest/bin/jest.js')];
    expect(() => run('jest', ...jest, '--config', JSON.stringify(config), 'orders')).not.toThrow();
  });

  it('has the types, the style and the form that npm run lint asks for', () => {
    expect(() => {
      run('tsc', bin('typescript/bin/tsc'), '--noEmit');
      run('oxlint', bin('oxlint/bin/oxlint'), '--type-aware', '--max-warnings', '0', 'src/orders');
      run('prettier', bin('prettier/bin/prettier.cjs'), '--check', 'src/orders');
    }).not.toThrow();
  });
});
