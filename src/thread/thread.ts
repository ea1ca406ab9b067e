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
 * A task thread: takes a batch, runs its tasks one after the other, sends their results. It knows no more of a
 * task than the handler's name. The IO loop's view of it is worker/thread-handle.ts.
 */
export type Handlers = Readonly<Record<string, TaskHandler>>;

/**
 * Tasks that the thread runs again and again before it takes any, so that V8 has compiled what requests will run.
 * Nothing that they touch may be used by requests.
 */
export interface WarmUp {
  /** Called now and then: handlers in new surroundings, under the names of the real ones. */
  readonly handlers: () => Handlers;
  readonly tasks: readonly { readonly name: string; readonly body: Uint8Array }[];
  /** It ends after so many rounds of all tasks, or after so many milliseconds, whichever comes first. */
  readonly rounds: number;
  readonly time: number;
}

const NOTHING = new Uint8Array(0);
/** Rounds between two calls of `WarmUp.handlers`. */
const RENEWAL = 12;

type Numbered = readonly (readonly [string, TaskHandler])[];

/** Results that are older than this are sent before the rest of their batch is done, in nanoseconds: 5 ms. */
const HOLD_RESULTS = 5_000_000n;

/** What the parent gave this thread to start with, as it was given. */
export function threadSetup(): unknown {
  return threadData().setup;
}

/** A line for the server's log, as a warning: the thread itself writes none. */
export function report(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  send({ type: 'log', level: 'warn', message, fields });
}

/** Something for the worker's IO loop to know. */
export function notify(name: string, body: Uint8Array): void {
  send({ type: 'notice', name, body });
}

/** Warms up, says that it is ready, and serves batches until the parent ends the thread. */
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

/** By the same functions as requests, with a progress that nobody watches and results that go nowhere. */
export function runWarmUp({ handlers, tasks, rounds, time }: WarmUp): WarmUpAccount {
  const progress = new Progress();
  progress.rest();
  const beganAt = performance.now();
  let byPlace: Numbered = [];
  let batch: readonly BatchTask[] = [];
  let results: Uint8Array = NOTHING;
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
    // What fails once fails always, and each failure is a line in the log.
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
    // Before anything is sent: the IO loop takes a thread for idle when it has the result of the last task.
    goesOn = index < tasks.length && progress.begin(index, now);
    if (!goesOn || now - sentAt < HOLD_RESULTS) continue;
    deliver(packResults(results));
    results = [];
    sentAt = now;
  }
  // At rest before the last results leave: the IO loop gives the next batch only when it has them.
  progress.rest();
  deliver(packResults(results));
}

/** What a task came to: its handler's result, or what the handler threw. */
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

/** Each of its shapes is written out: objects put together by spreading cost more than all the rest here. */
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
