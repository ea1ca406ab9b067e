import { readFileSync, readlinkSync, statSync } from 'node:fs';

/** The identity of a process: pids are reused, but a pid with its start time is unique until the next boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from the boot to the start: field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

/** `undefined` if there is no such process, or it is a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // Field 2 is the program's name in parentheses, and may itself hold spaces and parentheses. Field 3 follows it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[22 - 3]];
  return state === 'Z' || state === 'X' || startTime === undefined ? undefined : { pid, startTime };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startTime === process.startTime;
}

/** Whether the process runs the same program as this one, as one of these users. */
export function isOfProgram(pid: number, uids: ReadonlySet<number>): boolean {
  try {
    // An upgrade of Node may have removed the file under the running process.
    const program = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return program === readlinkSync('/proc/self/exe') && uids.has(statSync(`/proc/${pid}`).uid);
  } catch {
    return false;
  }
}

/** Differs from boot to boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
