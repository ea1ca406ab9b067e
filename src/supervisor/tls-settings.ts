import type { ListenerConfig } from '../config/config.js';
import type { TlsMaterial, ToWorker } from '../wire/ipc.js';
import { TicketKeys } from './ticket-keys.js';
import { readTlsMaterials } from './tls-materials.js';

/** What workers are told of TLS. */
export class TlsSettings {
  readonly #materials: readonly TlsMaterial[];
  readonly #ticketKeys: TicketKeys;

  /** Throws a `PkixdError` for files that cannot be used. @param now Milliseconds, monotonic. */
  constructor(listeners: readonly ListenerConfig[], now: () => number) {
    this.#materials = readTlsMaterials(listeners);
    this.#ticketKeys = new TicketKeys(now);
  }

  /** For a worker before its first connection; nothing where no listener has TLS. */
  messages(): readonly ToWorker[] {
    const { key } = this.#ticketKeys;
    return this.#materials.length === 0 ? [] : [{ type: 'tls', listeners: this.#materials, ticketKeys: key }];
  }

  /** To be called now and then: the messages for all workers when the ticket key has changed. */
  rotated(): readonly ToWorker[] {
    return this.#ticketKeys.rotate() ? this.messages() : [];
  }
}
