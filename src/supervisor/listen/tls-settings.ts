import type { ToWorker } from '../../wire/ipc.js';
import type { Generation } from '../generation.js';
import { TicketKeys } from './ticket-keys.js';

/** What workers are told of TLS. */
export class TlsSettings {
  readonly #ticketKeys: TicketKeys;

  /** @param now Milliseconds, monotonic. */
  constructor(now: () => number) {
    this.#ticketKeys = new TicketKeys(now);
  }

  /** For a worker before its first connection; nothing where no listener has TLS. */
  messages({ materials }: Generation): readonly ToWorker[] {
    const { key } = this.#ticketKeys;
    return materials.length === 0 ? [] : [{ type: 'tls', listeners: materials, ticketKeys: key }];
  }

  /** To be called now and then: whether every worker is to hear of a new ticket key. */
  rotate(): boolean {
    return this.#ticketKeys.rotate();
  }
}
