import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A running process. A number alone names none: numbers are given out again, in a container quickly. */
export interface ProcessIdentity {
  /** when it began, in a form that only equality is asked of */
  readonly startedAt: string;
  /** its command line, with a space between the arguments */
  readonly command: string;
}

/**
 * Looks a process up.
 *
 * @param pid its number in this process's own namespace
 * @returns undefined if there is none, or only a zombie that nobody has waited for
 */
export function findProcess(pid: number): Promise<ProcessIdentity | undefined> {
  return process.platform === 'linux' ? readProc(pid) : askPs(pid);
}

/** @returns a name for the set of numbers that a pid is from: the same in all processes that may compare them */
export async function pidNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid').catch(() => 'only');
}

async function readProc(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the name stands in brackets and may hold any character; state is field 3, start time 22
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (isEnded(fields[0])) return undefined;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return { startedAt: fields[19] ?? '', command: command.replaceAll('\0', ' ').trim() };
  } catch {
    return undefined;
  }
}

async function askPs(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const { stdout } = await promisify(execFile)(
      'ps',
      ['-ww', '-o', 'state=,lstart=,command=', '-p', String(pid)],
      { env: { PATH: process.env['PATH'], LC_ALL: 'C' } },
    );
    // lstart has five words: Mon Nov 24 22:35:01 2025
    const match = /^\s*(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/m.exec(stdout);
    if (!match || isEnded(match[1])) return undefined;
    return { startedAt: match[2] ?? '', command: match[3] ?? '' };
  } catch {
    return undefined;
  }
}

function isEnded(state: string | undefined): boolean {
  return state === undefined || /^[ZXx]/.test(state);
}
