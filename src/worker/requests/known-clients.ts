import { LinkedList } from '../../linked-list.js';
import { type Absence, Client, Flow } from './flow.js';

/**
 * Milliseconds that a client without connections is remembered, so that a new connection pays for the cost of the last
 * one.
 */
const KEPT = 60_000;
/** The most clients without connections that are remembered. */
const MAX_KEPT = 4096;

/** The clients of a queue by name: those with connections, and for a while those that had some. */
export class KnownClients<R> {
  readonly #clients = new Map<string, Client<R>>();
  readonly #absences = new LinkedList<Absence<R>>();

  get size(): number {
    return this.#clients.size;
  }

  /** A connection of this client. */
  open(name: string, now: number): Flow<R> {
    const client = this.#clients.get(name) ?? this.#create(name, now);
    client.connections++;
    if (client.absence !== undefined) this.#absences.remove(client.absence);
    client.absence = undefined;
    return new Flow<R>(client);
  }

  close({ client }: Flow<R>, now: number): void {
    client.connections--;
    if (client.connections > 0) return;
    client.absence = { client, since: now, previous: undefined, next: undefined };
    this.#absences.append(client.absence);
  }

  #create(name: string, now: number): Client<R> {
    this.#forget(now);
    const client = new Client<R>(name);
    this.#clients.set(name, client);
    return client;
  }

  #forget(now: number): void {
    const { first } = this.#absences;
    if (first === undefined || (now - first.since < KEPT && this.#absences.size < MAX_KEPT)) return;
    this.#absences.remove(first);
    this.#clients.delete(first.client.name);
    this.#forget(now);
  }
}
