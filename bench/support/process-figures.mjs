import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Of /proc; the same on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
const HAS_PROC = process.platform === 'linux';

/**
 * CPU seconds of a process and its children, the ended ones too, until now; NaN on a system that does
 * not tell.
 */
export function familyCpuSeconds(pid) {
  const parent = times(pid);
  if (parent === undefined) return NaN;
  const children = readdirSync('/proc').map((name) =>
    /^\d+$/.test(name) ? times(name) : undefined,
  );
  const ticks = children
    .filter((child) => child?.parent === pid)
    .reduce((sum, child) => sum + child.own, parent.own + parent.ended);
  return ticks / TICKS_A_SECOND;
}

/** The most memory that a process has had, in MiB. */
export function peakMiB(pid) {
  if (!HAS_PROC) return NaN;
  const kib = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** CPU seconds of everything on this machine until now. */
export function machineCpuSeconds() {
  const busy = cpus().map(({ times: { user, nice, sys, irq } }) => user + nice + sys + irq);
  return busy.reduce((sum, ms) => sum + ms, 0) / 1000;
}

function times(pid) {
  if (!HAS_PROC) return undefined;
  try {
    // The name before it may have blanks and brackets in it.
    const [, fields] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const [, parent, , , , , , , , , , user, system, endedUser, endedSystem] = fields.split(' ');
    return {
      parent: Number(parent),
      own: Number(user) + Number(system),
      ended: Number(endedUser) + Number(endedSystem),
    };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}
