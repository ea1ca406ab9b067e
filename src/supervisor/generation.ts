import type { Config, ListenerConfig } from '../config/config.js';
import { formatAddress } from '../config/address.js';
import type { TlsMaterial } from '../wire/ipc.js';
import { type Credentials, workerCredentials } from './host/credentials.js';
import { readTlsMaterials } from './listen/tls-materials.js';

/** What a start reads, and each reload reads again. */
export interface Settings {
  readonly config: Config;
  /** The script of a worker process, by its real path: a link to the release may be moved at any time. */
  readonly workerEntry: string;
  /** The release that its workers must report; not checked when absent. */
  readonly version?: string;
}

/** What all workers of one start or reload share. */
export class Generation {
  readonly config: Config;
  readonly workerEntry: string;
  readonly version: string | undefined;
  /** The account whose rights the workers have. */
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

  /** The name that its workers know the listener at this place by; `undefined` if they have no such listener. */
  nameOf(place: string): string | undefined {
    return this.#names.get(place);
  }
}

/**
 * The identity of a listener across reloads, which may change its name, protocol and permissions: the place that its
 * socket is bound to. Listeners whose port the system chooses are distinguished by name.
 */
export function placeOf({ address, name }: ListenerConfig): string {
  if (address.kind === 'unix') return formatAddress(address);
  const place = formatAddress({ ...address, kind: 'tcp' });
  return address.port === 0 ? `${place} ${name}` : place;
}
