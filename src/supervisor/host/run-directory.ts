import {
  closeSync,
  constants,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CONTROL_SOCKET } from '../../config/config.js';
import { PkixdError, messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import { checkDirectory } from './directory-trust.js';
import { makeDirectory } from './make-directory.js';
import { bootId, identify, isAlive, isOfProgram, type ProcessIdentity } from './process-identity.js';

/** Milliseconds that a process of the previous primary may take to end once it was killed. */
const MAX_DYING = 5000;

export class RunDirectoryError extends PkixdError {}

/**
 * `run.directory` belongs to one primary at a time. Its pid file names that primary and its workers, which the next
 * start kills if the primary was killed. The first line is that of any pid file; the others are for the next start:
 *
 *     4711
 *     boot 0e6b…
 *     4711 918273      primary: pid, start time
 *     4712 918280      worker
 */
export class RunDirectory {
  readonly #directory: string;
  readonly #pidFile: string;
  readonly #boot = bootId();
  readonly #self: ProcessIdentity;
  readonly #uids: ReadonlySet<number>;
  readonly controlSocket: string;

  /** @param uids the users whose processes workers may be: this one's and that of `workers.user` */
  constructor(directory: string, uids: ReadonlySet<number>) {
    const self = identify(process.pid);
    if (!self)
      throw new RunDirectoryError('NO_PROC', '/proc is not mounted; pkixd needs it to tell processes apart');
    this.#self = self;
    this.#directory = directory;
    this.#uids = uids;
    this.#pidFile = join(directory, 'pkixd.pid');
    this.controlSocket = join(directory, CONTROL_SOCKET);
    try {
      makeDirectory(directory, 0o700);
    } catch (error) {
      throw new RunDirectoryError(
        'RUN_DIRECTORY',
        `run.directory "${directory}" cannot be made: ${messageOf(error)}`,
      );
    }
  }

  /** Claims the directory, and kills the workers that a killed primary left. Fails if a live primary holds it. */
  async claim(log: Logger): Promise<void> {
    checkDirectory('run.directory', this.#directory, 'RUN_DIRECTORY', (message) => log.warn(message));
    for (let attempt = 0; attempt < 3; attempt++) {
      if (this.#create()) return;
      await this.#removeStale(log);
    }
    throw this.#held('another instance is starting');
  }

  /** Writes the present workers to the pid file. */
  record(workers: readonly number[]): void {
    const identities = workers.flatMap((pid) => identify(pid) ?? []);
    const draft = `${this.#pidFile}.new`;
    writeFileSync(draft, this.#text(identities), { mode: 0o600 });
    renameSync(draft, this.#pidFile);
  }

  release(): void {
    rmSync(this.#pidFile, { force: true });
  }

  /** Creates the pid file whole or not at all; `false` if there is one. */
  #create(): boolean {
    const draft = `${this.#pidFile}.${process.pid}`;
    try {
      writeFileSync(draft, this.#text([]), { mode: 0o600 });
      linkSync(draft, this.#pidFile);
      return true;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
      throw new RunDirectoryError('RUN_DIRECTORY', `cannot write ${this.#pidFile}: ${messageOf(error)}`);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  async #removeStale(log: Logger): Promise<void> {
    const found = readIfThere(this.#pidFile);
    if (found === undefined) return;
    const [primary, ...workers] = this.#parse(found);
    if (primary && isAlive(primary)) throw this.#held(`process ${primary.pid} is alive`);
    const moved = `${this.#pidFile}.stale.${process.pid}`;
    renameSync(this.#pidFile, moved);
    const isTheStaleOne = readFileSync(moved, 'utf8') === found;
    // Another start was faster: the moved file is its own, not the stale one, and is put back.
    if (!isTheStaleOne) linkSync(moved, this.#pidFile);
    rmSync(moved, { force: true });
    if (!isTheStaleOne) throw this.#held('another instance is starting');
    await killSurvivors(workers, this.#uids, log);
  }

  #text(workers: readonly ProcessIdentity[]): string {
    const lines = [this.#self, ...workers].map(({ pid, startTime }) => `${pid} ${startTime}`);
    return [String(process.pid), `boot ${this.#boot}`, ...lines, ''].join('\n');
  }

  /** Empty if the file is damaged or of an earlier boot: its processes cannot be identified then. */
  #parse(text: string): ProcessIdentity[] {
    const [, boot, ...lines] = text.split('\n');
    if (boot !== `boot ${this.#boot}`) return [];
    return lines.flatMap((line) => {
      const match = /^(?<pid>\d+) (?<startTime>\d+)$/.exec(line);
      const { pid, startTime } = match?.groups ?? {};
      return pid !== undefined && startTime !== undefined ? { pid: Number(pid), startTime } : [];
    });
  }

  #held(why: string): RunDirectoryError {
    return new RunDirectoryError(
      'ALREADY_RUNNING',
      `another pkixd runs on ${this.#pidFile} (${why}); stop it (pkixd stop) or choose another run.directory`,
    );
  }
}

/** Links are not followed. */
function readIfThere(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

/** Only processes that can be workers of ours: by start time, user and program. */
async function killSurvivors(
  workers: readonly ProcessIdentity[],
  uids: ReadonlySet<number>,
  log: Logger,
): Promise<void> {
  const alive = workers.filter(isAlive);
  const survivors = alive.filter(({ pid }) => isOfProgram(pid, uids));
  for (const { pid } of alive) {
    if (survivors.some((survivor) => survivor.pid === pid)) continue;
    log.warn('the pid file names a process that is of another user or program; it is left alone', {
      namedPid: pid,
    });
  }
  for (const { pid } of survivors) {
    log.warn('a worker outlived its primary; it is killed', { workerPid: pid });
    process.kill(pid, 'SIGKILL');
  }
  for (const deadline = performance.now() + MAX_DYING; survivors.some(isAlive);) {
    if (performance.now() > deadline) {
      const pids = survivors.filter(isAlive).map(({ pid }) => pid);
      throw new RunDirectoryError('SURVIVORS', `workers of a killed primary do not die: ${pids.join(', ')}`);
    }
    await delay(10);
  }
}
