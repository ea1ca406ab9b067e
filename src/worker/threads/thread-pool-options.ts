import type { QueuedRequest } from '../requests/queued-request.js';

export interface ThreadPoolOptions {
  readonly entry: URL;
  /** The setup of the threads' handlers; cloned into each. */
  readonly setup: unknown;
  readonly count: number;
  /** Whether a spare thread is kept ready. */
  readonly spare: boolean;
  /** The most tasks a thread takes at once. */
  readonly batch: number;
  /** Milliseconds that one task may run. */
  readonly taskTimeout: number;
  /** Milliseconds that a thread may take until it is ready. */
  readonly bootTimeout: number;
  /** A task asks for a step. The request belongs to the callee until it is queued again or settled. */
  onNeeds(request: QueuedRequest, step: string, body: Uint8Array): void;
  /** A notice of a thread. */
  onNotice(name: string, body: Uint8Array): void;
  /** Threads repeatedly end before they are ready: the process should be replaced. */
  onStuck(reason: string): void;
}
