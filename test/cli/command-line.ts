import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const ROOT = join(import.meta.dirname, '../..');
/** The built command line. */
export const MAIN = join(ROOT, 'dist/src/cli/main.js');

/** A JSON document; that of a list has items. */
export type Document = Record<string, unknown> & {
  readonly items?: readonly Record<string, unknown>[];
};

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it wrote to stdout, as JSON. */
  json(): Document;
}

/** Runs `postern` with these arguments, as a process of its own. */
export type Postern = (...args: string[]) => Promise<Ended>;

/** The built command line, with these settings alone. */
export function postern(environment: Record<string, string>): Postern {
  return (...args) => runPostern(environment, args);
}

/**
 * Runs the built command line to its end.
 *
 * @param stdin what is piped into it
 */
export async function runPostern(
  environment: Record<string, string>,
  args: readonly string[],
  stdin = '',
): Promise<Ended> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const { exitCode: code } = child;
  return { code, stdout, stderr, json: () => JSON.parse(stdout) as Document };
}
