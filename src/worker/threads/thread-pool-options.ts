import type { QueuedRequest } from '../requests/queued-request.js';

export interface ThreadPoolOptions {
  readonly entry: URL;
  /** What the threads' handlers need to start; cloned into each. */
  readonly setup: unknown;
  readonly count: number;
  /** One thread more is kept ready. */
  readonly spare: boolean;
  /** The most tasks a thread takes at once. */
  readonly batch: number;
  /** Milliseconds that one task may run. */
  readonly taskTimeout: number;
  /** Milliseconds that a thread may take until it is ready. */
  readonly bootTimeout: number;
  /** A task asks for a step; its request is the callee's until it is queued again or settled. */
  onNeeds(request: QueuedRequest, step: string, body: Uint8Array): void;
  /** What a thread has to tell beside results. */
  onNotice(name: string, body: Uint8Array): void;
  /** Threads end again and again before they are ready: the process had better be replaced. */
  onStuck(reason: string): void;
}
