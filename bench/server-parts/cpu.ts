import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** The kernel counts processor time in hundredths of a second wherever Node runs. */
const TICK = 10_000;
const UTIME = 11;
const CHILDREN = 2;

/** CPU time of these processes so far, in µs, of all their threads. */
export function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticksFrom(`/proc/${pid}/stat`, UTIME) * TICK, 0);
}

/** CPU time of this process's children that have ended, in µs. */
export function cpuOfChildren(): number {
  return ticksFrom('/proc/self/stat', UTIME + CHILDREN) * TICK;
}

/** Memory that the kernel cannot drop, in bytes. */
export function anonymousMemoryOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return sum + Number(/^RssAnon:\s+(?<kilobytes>\d+) kB$/m.exec(status)?.groups?.['kilobytes']) * 1024;
  }, 0);
}

/** Lets these processes run on one core alone, where `taskset` exists: what they are compared with then runs on another. */
export function pin(pids: readonly number[], core: number): void {
  for (const pid of pids)
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)]);
}

/** Lets them run wherever there is a core, once more. */
export function unpin(pids: readonly number[]): void {
  for (const pid of pids)
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', `0-${cpus().length - 1}`, String(pid)]);
}

/** User and system time side by side, counted behind the name, which may hold anything. */
function ticksFrom(path: string, place: number): number {
  const stat = readFileSync(path, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[place]) + Number(fields[place + 1]);
}
