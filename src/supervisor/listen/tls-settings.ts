import type { ToWorker } from '../../wire/ipc.js';
import type { Generation } from '../generation.js';
import { TicketKeys } from './ticket-keys.js';

/** The TLS messages for workers. */
export class TlsSettings {
  readonly #ticketKeys: TicketKeys;

  /** @param now Milliseconds, monotonic. */
  constructor(now: () => number) {
    this.#ticketKeys = new TicketKeys(now);
  }

  /** The messages for a worker before its first connection; none if no listener has TLS. */
  messages({ materials }: Generation): readonly ToWorker[] {
    const { key } = this.#ticketKeys;
    return materials.length === 0 ? [] : [{ type: 'tls', listeners: materials, ticketKeys: key }];
  }

  /** To be called regularly. Returns true if there is a new ticket key for the workers. */
  rotate(): boolean {
    return this.#ticketKeys.rotate();
  }
}
