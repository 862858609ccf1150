import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Gathers what a process writes, on both ways, from now on. */
export function outputOf(child: ChildProcess): () => string {
  const written: string[] = [];
  child.stdout?.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  return () => written.join('');
}

/** Sends a signal to a process that still runs, and waits for its end; gives the exit status. */
export async function endProcess(
  child: ChildProcess,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const closed = once(child, 'close');
  child.kill(signal);
  await closed;
  return child.exitCode;
}
