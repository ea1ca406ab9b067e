import { randomBytes } from 'node:crypto';

/** Bytes that `tls.Server.setTicketKeys` takes. */
const LENGTH = 48;
/**
 * Milliseconds for which one key makes session tickets. A client with a ticket of the previous key makes a full
 * handshake.
 */
const LIFETIME = 3_600_000;

/**
 * The key of TLS session tickets: the same for all workers, so that a client may resume at any of them, and a new one
 * every hour.
 */
export class TicketKeys {
  readonly #now: () => number;
  #key = randomBytes(LENGTH);
  #since: number;

  /** @param now Milliseconds, monotonic. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  get key(): Uint8Array {
    return this.#key;
  }

  /** Whether there is a new key. */
  rotate(): boolean {
    if (this.#now() - this.#since < LIFETIME) return false;
    this.#since = this.#now();
    this.#key = randomBytes(LENGTH);
    return true;
  }
}
