import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { Logger } from '../../log.js';
import { decode, encode } from '../../wire/codec.js';
import { CLIENT_TASK } from '../../wire/client-task.js';
import type { TaskOutcome } from '../../wire/task.js';
import { isRecord } from '../check-to-worker.js';
import type { Clock } from '../clock.js';
import type { RequestHost } from './open-requests.js';

/** Runs the engine, as for any request. */
export type ClientCheckHost = Pick<RequestHost, 'flows' | 'admission'> & {
  readonly clock: Clock;
  readonly log: Logger;
};

/** The client's address. */
export interface CheckedClient {
  readonly listener: string;
  /** The client's name in the queue. */
  readonly name: string;
  /** For the log. */
  readonly peer: string;
}

/** The most certificates that are read from a client's chain. */
const MAX_CHAIN = 16;

/**
 * Has the engine verify the certificates of clients before their input is read: path to the CAs of the listener,
 * purpose, revocation. The connection of a client that is not valid is closed.
 */
export class ClientChecks {
  readonly #host: ClientCheckHost;
  /** ms within which a check must have begun: `connection.tlsTimeout` */
  readonly #deadline: number;
  readonly #onChange: () => void;
  readonly #open = new Set<TLSSocket>();
  #refused = 0;

  constructor(host: ClientCheckHost, deadline: number, onChange: () => void) {
    this.#host = host;
    this.#deadline = deadline;
    this.#onChange = onChange;
  }

  /** Checks under way. */
  get size(): number {
    return this.#open.size;
  }

  /** Since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** `onValid` is called if the client may go on. Whether a client without a certificate may, is up to the listener. */
  check(stream: TLSSocket, client: CheckedClient, onValid: () => void): void {
    const certificates = chainOf(stream);
    if (certificates.length === 0) {
      onValid();
      return;
    }
    const { flows, admission, clock } = this.#host;
    this.#open.add(stream);
    const onError = (): void => {
      stream.destroy();
    };
    stream.on('error', onError);
    const flow = flows.open(client.name, clock.now());
    const body = encode({ certificates, crls: [], profile: client.listener });
    const task = { name: CLIENT_TASK, body, deadline: this.#deadline };
    admission.submit(task, flow, (outcome) => {
      flows.close(flow, clock.now());
      stream.off('error', onError);
      if (!this.#open.delete(stream)) return;
      const why = refusalIn(outcome);
      if (why !== undefined) this.#refuse(stream, client, why);
      else if (!stream.destroyed) onValid();
      this.#onChange();
    });
  }

  /** Gives up all checks. */
  cutOff(): void {
    for (const stream of this.#open) stream.destroy();
    this.#open.clear();
  }

  #refuse(stream: TLSSocket, { listener, peer }: CheckedClient, why: string): void {
    this.#refused += 1;
    this.#host.log.info('a client was not let in', { listener, peer, why });
    stream.on('error', () => undefined);
    stream.destroy();
  }
}

/** DER, the client's own first; empty if it showed none. */
function chainOf(stream: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  let next: DetailedPeerCertificate | undefined = stream.getPeerCertificate(true);
  // Node represents a missing certificate by an empty object, and ends the chain with a self-issued root.
  while (next?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next.raw);
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

/** Why the client is refused, as code and message; `undefined` if it is accepted. */
function refusalIn(outcome: TaskOutcome): string | undefined {
  if (outcome.kind === 'failed') return `${outcome.code} ${outcome.message}`;
  const response: unknown = decode(outcome.body);
  const { verdict, refused } = isRecord(response) ? response : {};
  if (isRecord(verdict) && verdict['status'] === 'valid') return undefined;
  const told = isRecord(verdict) ? verdict : isRecord(refused) ? refused : {};
  return `${String(told['code'])} ${String(told['message'])}`;
}
