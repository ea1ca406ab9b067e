import cluster, { type Worker } from 'node:cluster';
import { Duplex, type Readable } from 'node:stream';
import type { Credentials } from '../host/credentials.js';
import { PkixdError, messageOf } from '../../errors.js';
import { LOOP_HEAP } from '../../wire/loop-heap.js';

/**
 * A forked process with its pipes: Node's IPC (fd 3) carries handles, fd 4 the worker's messages, fd 5 only its own
 * end, fd 6 our messages. There is one pipe for each direction: a failed write destroys a socket, and with it the last
 * messages of a dead worker, which name the connections that it took.
 */
export interface ForkedWorker {
  readonly cluster: Worker;
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly fromWorker: Duplex;
  readonly toWorker: Duplex;
  /** It carries no data. When it closes, the worker's guard thread knows that the primary is gone. */
  readonly lifeline: Duplex;
}

class ForkError extends PkixdError {
  constructor(why: string) {
    super('FORK_FAILED', `cannot fork a worker: ${why}`);
  }
}

/**
 * Workers have the rights of `account`, the primary's own without one. Must be called in the process
 * that is to be the primary, before the first fork.
 */
export function setUpCluster(workerEntry: string, account: Credentials | undefined): void {
  if (!cluster.isPrimary) {
    throw new PkixdError(
      'NOT_PRIMARY',
      'pkixd is run as a worker of another cluster (NODE_UNIQUE_ID is set); start it in fork mode',
    );
  }
  cluster.setupPrimary({
    exec: workerEntry,
    args: [],
    // A flag such as --inspect or --test is meant for this process alone.
    execArgv: [...LOOP_HEAP],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe', 'pipe', 'pipe'],
    // cluster keeps the settings of an earlier call otherwise.
    uid: account?.uid,
    gid: account?.gid,
  });
}

export function forkWorker(entry: string, account: Credentials | undefined): ForkedWorker {
  setUpCluster(entry, account);
  const forked = fork();
  // A failure is seen as an exit; without a listener, the error event would end the primary.
  forked.on('error', () => undefined);
  const { pid, stdout, stderr, stdio } = forked.process;
  const [fromWorker, lifeline, toWorker] = (stdio as readonly unknown[] | undefined)?.slice(4) ?? [];
  // When descriptors or processes run out, Node returns a child without pid or pipes and reports the error later.
  if (
    pid === undefined ||
    !stdout ||
    !stderr ||
    !(fromWorker instanceof Duplex && lifeline instanceof Duplex && toWorker instanceof Duplex)
  ) {
    throw new ForkError('the system has no process or file descriptor left for it');
  }
  return { cluster: forked, pid, stdout, stderr, fromWorker, toWorker, lifeline };
}

function fork(): Worker {
  try {
    return cluster.fork();
  } catch (error) {
    throw new ForkError(messageOf(error));
  }
}
