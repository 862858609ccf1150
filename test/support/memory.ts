import { readFileSync } from 'node:fs';

/** The memory that a process has now, in MiB; NaN on a system that does not tell. */
export function residentMiB(pid: number | undefined): number {
  if (process.platform !== 'linux' || pid === undefined) return NaN;
  const kib = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}
