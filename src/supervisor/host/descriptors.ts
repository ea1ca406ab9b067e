import { readFileSync } from 'node:fs';
import type { ConnectionHandle } from '../../wire/connection-handle.js';

/** Descriptors that stay free for what the primary opens itself: forks, the log, its sockets. */
const RESERVE = 64;
/** The largest part of a very low limit that is kept free. */
const MAX_RESERVED_PART = 0.25;

/**
 * Tells when the process is about to run out of descriptors. At its limit libuv closes new connections without an
 * answer and without an event, so clients must be refused before.
 */
export class Descriptors {
  readonly #limit: number;

  /** @param limit RLIMIT_NOFILE of this process, which Node raises to the hard limit when it starts */
  constructor(limit = readLimit()) {
    this.#limit = limit - Math.min(RESERVE, Math.floor(limit * MAX_RESERVED_PART));
  }

  /** The system always gives the lowest free number, so a high one says that nearly all below are in use. */
  areScarce({ fd = 0 }: ConnectionHandle): boolean {
    return fd >= this.#limit;
  }
}

function readLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
  } catch {
    return Infinity; // Not Linux, or /proc is hidden.
  }
}
