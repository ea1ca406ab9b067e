import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../errors.js';
import {
  packResults,
  packTasks,
  unpackResults,
  unpackTasks,
  type BatchResult,
  type BatchTask,
} from '../wire/batch.js';
import { detachOnce, transferred } from '../wire/detach.js';
import { FIRST_ATTEMPT, type TaskHandler, type TaskResult } from '../wire/task.js';
import {
  isThreadData,
  Progress,
  type FromThread,
  type ThreadData,
  type WarmUpAccount,
} from '../wire/thread.js';

/**
 * A task thread: takes a batch, runs its tasks one after the other, sends their results. Of a task it knows only the
 * handler's name. The IO loop's view of it is worker/thread-handle.ts.
 */
export type Handlers = Readonly<Record<string, TaskHandler>>;

/**
 * Tasks that the thread runs repeatedly before it takes any, so that V8 compiles the code of requests. They must not
 * share data with requests.
 */
export interface WarmUp {
  /** Called at intervals: new handlers with data of their own, by the names of the real ones. */
  readonly handlers: () => Handlers;
  readonly tasks: readonly { readonly name: string; readonly body: Uint8Array }[];
  /** The warm-up ends after so many rounds, or so many milliseconds, whichever comes first. */
  readonly rounds: number;
  readonly time: number;
}

const NO_OCTETS = new Uint8Array(0);
/** Rounds between two calls of `WarmUp.handlers`. */
const RENEWAL = 12;

type Numbered = readonly (readonly [string, TaskHandler])[];

/** Nanoseconds (5 ms): older results are sent before the rest of their batch is done. */
const HOLD_RESULTS = 5_000_000n;

/** The thread's own part of its `workerData`. */
export function threadSetup(): unknown {
  return threadData().setup;
}

/** A warning for the server's log, which threads do not write themselves. */
export function report(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  send({ type: 'log', level: 'warn', message, fields });
}

/** A notice to the worker's IO loop. */
export function notify(name: string, body: Uint8Array): void {
  send({ type: 'notice', name, body });
}

/** Warms up, reports that it is ready, and serves batches until the parent ends the thread. */
export function runThread(handlers: Handlers, warmUp?: WarmUp): void {
  detachOnce();
  const progress = new Progress(threadData().progress);
  const byPlace = Object.entries(handlers);
  const warmed = warmUp && runWarmUp(warmUp);
  parent().on('message', (batch: Uint8Array) => {
    runBatch(unpackTasks(batch), byPlace, progress, post);
  });
  send({ type: 'ready', handlers: byPlace.map(([name]) => name), ...(warmed && { warmed }) });
}

/** Uses the same functions as requests, with a progress of its own and discarded results. */
export function runWarmUp({ handlers, tasks, rounds, time }: WarmUp): WarmUpAccount {
  const progress = new Progress();
  progress.rest();
  const beganAt = performance.now();
  let byPlace: Numbered = [];
  let batch: readonly BatchTask[] = [];
  let results: Uint8Array = NO_OCTETS;
  const keep = (last: Uint8Array): void => {
    results = last;
  };
  let round = 0;
  while (round < rounds && performance.now() - beganAt < time) {
    if (round % RENEWAL === 0) {
      byPlace = Object.entries(handlers());
      batch = tasks.map(({ name, body }) => ({
        handler: placeOf(name, byPlace),
        body,
        attempt: FIRST_ATTEMPT,
      }));
    }
    runBatch(unpackTasks(transferred(packTasks(batch))), byPlace, progress, keep);
    round++;
    // A task that fails once always fails, and each failure is a line in the log.
    if (round === 1 && unpackResults(results).some(({ kind }) => kind === 'failed')) break;
  }
  return { rounds: round, milliseconds: performance.now() - beganAt };
}

function placeOf(name: string, handlers: Numbered): number {
  return handlers.findIndex(([of]) => of === name);
}

function runBatch(
  tasks: readonly BatchTask[],
  handlers: Numbered,
  progress: Progress,
  deliver: (results: Uint8Array<ArrayBuffer>) => void,
): void {
  let results: BatchResult[] = [];
  let now = process.hrtime.bigint();
  let sentAt = now;
  let index = 0;
  let goesOn = progress.begin(0, now);
  while (goesOn) {
    const task = tasks[index++];
    if (task === undefined) break;
    const startedAt = now;
    const result = runTask(task, handlers);
    now = process.hrtime.bigint();
    results.push(timed(result, Number(now - startedAt) / 1000));
    // Set before anything is sent: the IO loop counts a thread as idle once it has the result of the last task.
    goesOn = index < tasks.length && progress.begin(index, now);
    if (!goesOn || now - sentAt < HOLD_RESULTS) continue;
    deliver(packResults(results));
    results = [];
    sentAt = now;
  }
  // Idle before the last results are sent: the IO loop sends the next batch only when it has them.
  progress.rest();
  deliver(packResults(results));
}

/** The result of a task: its handler's, or the error that the handler threw. */
type Ran = TaskResult | { readonly thrown: string };

function runTask(task: BatchTask, handlers: Numbered): Ran {
  const [name, handler] = handlers[task.handler] ?? [];
  try {
    if (!handler) throw new Error(`no handler has place ${task.handler}`);
    const result = handler(task.body, task.attempt);
    if ('needs' in result && task.attempt.isLast)
      throw new Error(`its last attempt asked for the step "${result.needs.step}"`);
    return result;
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    send({
      type: 'log',
      level: 'error',
      message: `task ${name} threw`,
      fields: { stack: stack ?? String(error) },
    });
    return { thrown: messageOf(error) };
  }
}

/** Each shape is written out: spreading objects costs more than all the rest here. */
function timed(ran: Ran, microseconds: number): BatchResult {
  if (ran instanceof Uint8Array) return { kind: 'done', microseconds, body: ran, keep: undefined };
  if ('body' in ran) return { kind: 'done', microseconds, body: ran.body, keep: ran.keep };
  if ('thrown' in ran) return { kind: 'failed', microseconds, body: Buffer.from(ran.thrown) };
  return { kind: 'needs', microseconds, body: ran.needs.body, step: ran.needs.step };
}

function post(results: Uint8Array<ArrayBuffer>): void {
  parent().postMessage(results, [results.buffer]);
}

function send(message: FromThread): void {
  parent().postMessage(message);
}

function parent(): NonNullable<typeof parentPort> {
  if (!parentPort) throw new Error('runs only as a worker thread');
  return parentPort;
}

function threadData(): ThreadData {
  const data: unknown = workerData;
  if (!isThreadData(data)) throw new Error('runs only as a task thread');
  return data;
}
