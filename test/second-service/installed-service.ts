import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endProcess, outputOf } from '../support/child-process.js';
import { freePort } from '../support/server.js';

const ROOT = join(import.meta.dirname, '../..');
const SOURCES = ['main.ts', 'second-service.module.ts', 'notes.controller.ts', 'verifier.ts'];
const READY_WITHIN_MS = 15_000;

/** What every Nest application has in its node_modules. */
const OF_NEST = ['reflect-metadata', 'rxjs', '@types/node'];

/** As strict as it gets, the declarations of the package included. */
const COMPILER = {
  compilerOptions: {
    target: 'ES2023',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    outDir: 'out',
  },
  include: ['*.ts'],
};

/** The manifest of the package. */
export interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** A running second service. */
export interface RunningService {
  readonly url: string;
  output(): string;
  stop(): Promise<void>;
}

/**
 * The second service in a folder of its own, with the packed tarball in its node_modules and beside
 * it nothing but what the package says it needs.
 */
export class InstalledService {
  private constructor(
    readonly folder: string,
    readonly manifest: Manifest,
  ) {}

  /** Packs, unpacks, links what the manifest asks for, and compiles. */
  static async install(): Promise<InstalledService> {
    const folder = mkdtempSync(join(tmpdir(), 'postern-second-service-'));
    const packed = await run(ROOT, join(ROOT, 'scripts/pack-resource-server.mjs'), folder);
    const unpacked = join(folder, 'node_modules/postern');
    mkdirSync(unpacked, { recursive: true });
    await promisify(execFile)('tar', [
      'xzf',
      packed.trim(),
      '-C',
      unpacked,
      '--strip-components=1',
    ]);
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as Manifest;
    for (const name of needed(manifest)) {
      const link = join(folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), link);
    }
    for (const name of SOURCES) cpSync(join(import.meta.dirname, name), join(folder, name));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(COMPILER));
    return new InstalledService(folder, manifest);
  }

  /** Puts a source beside its own. */
  add(name: string, source: string): void {
    writeFileSync(join(this.folder, name), source);
  }

  /** Compiles it. @throws with what the compiler says where it finds a fault */
  async compile(): Promise<void> {
    await run(this.folder, join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.');
  }

  /** Runs a line of a module in the folder, and gives what it writes. */
  runLine(line: string): Promise<string> {
    return run(this.folder, '--input-type=module', '--eval', line);
  }

  /** Starts it, and waits until it answers. */
  async start(environment: Record<string, string>): Promise<RunningService> {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [join(this.folder, 'out/main.js')], {
      env: { PATH, PORT: port, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = outputOf(child);
    const end = performance.now() + READY_WITHIN_MS;
    while (!(await answers(`${url}/notes/open`))) {
      if (child.exitCode !== null || performance.now() > end) {
        child.kill('SIGKILL');
        throw new Error(`the second service did not start:\n${output()}`);
      }
      await delay(25);
    }
    return {
      url,
      output,
      stop: async () => {
        await endProcess(child);
      },
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function needed({ dependencies, peerDependencies }: Manifest): string[] {
  const names = [...Object.keys(dependencies), ...Object.keys(peerDependencies), ...OF_NEST];
  const missing = names.filter((name) => !existsSync(join(ROOT, 'node_modules', name)));
  if (missing.length > 0) throw new Error(`not installed here: ${missing.join(', ')}`);
  return names;
}

async function run(cwd: string, ...args: string[]): Promise<string> {
  const said = promisify(execFile)(process.execPath, args, { cwd });
  const { stdout } = await said.catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${args.join(' ')}:\n${error.stdout}${error.stderr}`);
  });
  return stdout;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
