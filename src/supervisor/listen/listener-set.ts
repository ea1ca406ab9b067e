import { chmodSync } from 'node:fs';
import type { ListenerConfig } from '../../config/config.js';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import { placeOf } from '../generation.js';
import type { InheritedSockets } from './inherited-sockets.js';
import { closeListeners, type Listener, type OnConnection, openListeners } from './listeners.js';

/** The changes of a new configuration to the listeners. */
export interface ListenerChange {
  /** New listeners, which listen already; their clients wait for a worker that knows the listener. */
  readonly added: readonly Listener[];
  readonly removed: readonly Listener[];
  readonly kept: readonly { readonly listener: Listener; readonly config: ListenerConfig }[];
}

/** The listeners of the primary, which change with the configuration. */
export class ListenerSet {
  readonly #onConnection: OnConnection;
  readonly #log: Logger;
  #listeners: readonly Listener[] = [];

  constructor(onConnection: OnConnection, log: Logger) {
    this.#onConnection = onConnection;
    this.#log = log;
  }

  get all(): readonly Listener[] {
    return this.#listeners;
  }

  /** Opens all or none. */
  async open(configs: readonly ListenerConfig[], inherited: InheritedSockets): Promise<void> {
    this.#listeners = await openListeners(configs, this.#onConnection, this.#log, inherited);
    inherited.closeRest(this.#log);
  }

  close(): void {
    closeListeners(this.#listeners);
  }

  /** Opens the new ones, all or none. The others do not change until `commit`. */
  async prepare(configs: readonly ListenerConfig[]): Promise<ListenerChange> {
    const present = new Map(this.#listeners.map((listener) => [listener.place, listener]));
    const kept = configs.flatMap((config) => {
      const listener = present.get(placeOf(config));
      return listener ? [{ listener, config }] : [];
    });
    const stay = new Set(kept.map(({ listener }) => listener));
    const news = configs.filter((config) => !present.has(placeOf(config)));
    return {
      added: await openListeners(news, this.#onConnection, this.#log),
      removed: this.#listeners.filter((listener) => !stay.has(listener)),
      kept,
    };
  }

  /**
   * To be called when every worker knows the new listeners: closes the removed ones and applies the new configuration
   * to the others.
   */
  commit({ added, removed, kept }: ListenerChange): void {
    closeListeners(removed);
    for (const { listener, config } of kept) {
      this.#adjust(listener.config, config);
      listener.config = config;
    }
    this.#listeners = [...kept.map(({ listener }) => listener), ...added];
    for (const { config, address } of added)
      this.#log.info(`listening on ${address}`, { listener: config.name });
    for (const { address } of removed) this.#log.info(`no longer listening on ${address}`);
  }

  undo({ added }: ListenerChange): void {
    closeListeners(added);
  }

  #adjust(before: ListenerConfig, { name, address, mode, group, backlog }: ListenerConfig): void {
    if (before.backlog !== backlog || before.group !== group) {
      this.#log.warn('the backlog and the group of a listener change at the next start', { listener: name });
    }
    if (address.kind !== 'unix' || before.mode === mode) return;
    try {
      chmodSync(address.path, mode);
    } catch (error) {
      this.#log.warn('the mode of a socket could not be changed', {
        listener: name,
        error: messageOf(error),
      });
    }
  }
}
