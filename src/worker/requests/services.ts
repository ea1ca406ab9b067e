import type { ServiceCounts } from '../../wire/ipc.js';
import type { Step } from './step-runner.js';

/** What a worker's IO loop does for tasks beside running them in threads; the product passes it in. */
export interface Services {
  /** What tasks may ask for between two attempts, by name: see step-runner.ts. */
  readonly steps: Readonly<Record<string, Step>>;
  /** Milliseconds that a request may wait for its steps, and how many requests may wait at once. */
  readonly patience: number;
  readonly maxWaiting: number;
  /** Called with what threads tell, by name. */
  readonly notices: Readonly<Record<string, (body: Uint8Array) => void>>;
  /** What an operator can have one worker do, by name: bytes of the order's own form, in and out. */
  readonly orders?: Readonly<Record<string, (body: Uint8Array) => Promise<Uint8Array>>>;
  /** For the status: numbers that can be added up over the workers. */
  counts?(): ServiceCounts | undefined;
  /** What kept outcomes rest on, now: see outcome-cache.ts. */
  epoch(): number;
  /** While the threads get ready; their notices may come before it has resolved. A worker whose services do not start asks to be replaced. */
  start(): Promise<void>;
  /** Before the worker says that it is ready: loads what the first request would wait for. Nothing is lost when it fails. */
  warmUp?(): Promise<unknown>;
  /** After the last request is answered. */
  close(): Promise<unknown>;
}
