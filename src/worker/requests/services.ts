import type { ServiceCounts } from '../../wire/ipc.js';
import type { Step } from './step-runner.js';

/** What a worker's IO loop does for tasks besides running them in threads; the product passes it in. */
export interface Services {
  /** The steps that tasks may ask for between two attempts, by name: see step-runner.ts. */
  readonly steps: Readonly<Record<string, Step>>;
  /** Milliseconds that a request may wait for its steps, and how many requests may wait at once. */
  readonly patience: number;
  readonly maxWaiting: number;
  /** Called with the notices of threads, by name. */
  readonly notices: Readonly<Record<string, (body: Uint8Array) => void>>;
  /**
   * The orders that an operator can give to one worker, by name; input and output are bytes of the order's own form.
   */
  readonly orders?: Readonly<Record<string, (body: Uint8Array) => Promise<Uint8Array>>>;
  /** For the status: counters that can be summed over the workers. */
  counts?(): ServiceCounts | undefined;
  /** The current version of the data that cached outcomes depend on: see outcome-cache.ts. */
  epoch(): number;
  /**
   * Called while the threads get ready; their notices may come before it has resolved. A worker whose services do not
   * start asks to be replaced.
   */
  start(): Promise<void>;
  /** Called before the worker is ready: loads what the first request would wait for. A failure does no harm. */
  warmUp?(): Promise<unknown>;
  /** Called after the last request was answered. */
  close(): Promise<unknown>;
}
