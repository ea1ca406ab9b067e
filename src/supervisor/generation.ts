import type { Config, ListenerConfig } from '../config/config.js';
import { formatAddress } from '../config/address.js';
import type { TlsMaterial } from '../wire/ipc.js';
import { type Credentials, workerCredentials } from './host/credentials.js';
import { readTlsMaterials } from './listen/tls-materials.js';

/** What a server is started with, and what a reload reads anew. */
export interface Settings {
  readonly config: Config;
  /** The script of a worker process, by its real path: a link to the release may be moved at any time. */
  readonly workerEntry: string;
  /** The release that its workers should say they are of; unchecked when absent. */
  readonly version?: string;
}

/** What workers of one start or reload have in common. */
export class Generation {
  readonly config: Config;
  readonly workerEntry: string;
  readonly version: string | undefined;
  /** Whose rights they have. */
  readonly account: Credentials | undefined;
  readonly materials: readonly TlsMaterial[];
  readonly #names: ReadonlyMap<string, string>;

  /** Throws a `PkixdError` for TLS files that cannot be used, and for users that do not exist. */
  constructor({ config, workerEntry, version }: Settings) {
    this.config = config;
    this.workerEntry = workerEntry;
    this.version = version;
    this.account = workerCredentials(config['workers.user'], config['workers.group']);
    this.materials = readTlsMaterials(config.listeners);
    this.#names = new Map(config.listeners.map((listener) => [placeOf(listener), listener.name]));
  }

  /** What its workers call the listener at this place; `undefined` where they know none. */
  nameOf(place: string): string | undefined {
    return this.#names.get(place);
  }
}

/**
 * What stays the same of a listener while a reload changes its name, its protocol and what it permits: no second
 * socket can be bound there. A port that the system chooses is told apart by the name.
 */
export function placeOf({ address, name }: ListenerConfig): string {
  if (address.kind === 'unix') return formatAddress(address);
  const place = formatAddress({ ...address, kind: 'tcp' });
  return address.port === 0 ? `${place} ${name}` : place;
}
