import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { messageOf } from '../../errors.js';
import type { Logger } from '../../log.js';
import type { ProbeStatus } from '../../wire/control.js';
import { GrowingBuffer } from '../../wire/growing-buffer.js';
import type { Probe } from '../../wire/protocol.js';
import type { BoundAddress } from './kernel-backlog.js';
import { boundTo, type Listener } from './listeners.js';

export interface ProbeOptions {
  readonly listeners: () => readonly Listener[];
  /** The probe of this protocol; a listener without a probe is only connected to. */
  readonly probeOf: (protocol: string) => Probe | undefined;
  /** Milliseconds that an answer may take before a warning. */
  readonly slow: () => number;
  readonly log: Logger;
}

/** Octets; more is not an answer to a probe. */
const MAX_ANSWER = 64 * 1024;

/**
 * Acts as a client of each listener: connects, asks, and waits for the answer. The time shows everything in between,
 * such as a full backlog or a busy worker. A listener that does not answer in time is logged once, and once more when
 * it answers again.
 */
export class ListenerProbe {
  readonly #options: ProbeOptions;
  readonly #known = new Map<string, ProbeStatus>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ProbeOptions) {
    this.#options = options;
  }

  /** Probes every listener each `interval` milliseconds, in place of any interval before; 0: never. */
  schedule(interval: number): void {
    clearInterval(this.#timer);
    if (interval > 0) this.#timer = setInterval(() => void this.probeAll(), interval).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The result of the last probe; `null` before the first. */
  of(listener: Listener): ProbeStatus | null {
    return this.#known.get(listener.place) ?? null;
  }

  async probeAll(): Promise<void> {
    await Promise.all(this.#options.listeners().map((listener) => this.#probe(listener)));
  }

  async #probe(listener: Listener): Promise<void> {
    const address = boundTo(listener);
    if (!address) return;
    const began = performance.now();
    const limit = this.#options.slow();
    const failure = await attempt(listener, address, this.#options.probeOf(listener.config.protocol), limit);
    const status = { took: Math.round((performance.now() - began) * 100) / 100, failure: failure ?? null };
    this.#report(listener, this.#known.get(listener.place), status);
    this.#known.set(listener.place, status);
  }

  #report({ config }: Listener, before: ProbeStatus | undefined, { took, failure }: ProbeStatus): void {
    const fields = { listener: config.name, took };
    const failedBefore = (before?.failure ?? null) !== null;
    if (failure !== null && !failedBefore) {
      this.#options.log.warn(`a listener does not answer as it should: ${failure}`, fields);
    } else if (failure === null && failedBefore) this.#options.log.info('a listener answers again', fields);
  }
}

/** Resolves with what went wrong, or `undefined`. */
function attempt(
  listener: Listener,
  address: BoundAddress,
  probe: Probe | undefined,
  limit: number,
): Promise<string | undefined> {
  const { config } = listener;
  return new Promise((resolve) => {
    listener.probes += 1;
    let isConnected = false;
    const isSecure = config.tls !== null;
    const socket = open(address, isSecure);
    const end = (failure?: string): void => {
      clearTimeout(timer);
      // A connection that the kernel has completed will be accepted later.
      if (!isConnected) listener.probes = Math.max(0, listener.probes - 1);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => end(`no answer within ${limit} ms`), limit);
    socket.once('connect', () => (isConnected = true));
    socket.once('error', (error) => end(messageOf(error)));
    socket.once('close', () => end('the connection was closed without an answer'));
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      // A listener that asks clients for certificates would refuse the probe.
      if (!probe || config.tls?.clientCa != null) end();
      else socket.write(probe.question);
    });
    const received = new GrowingBuffer(MAX_ANSWER);
    socket.on('data', (chunk: Buffer) => {
      if (received.length + chunk.length > MAX_ANSWER) {
        end('it answers something else');
        return;
      }
      received.add(chunk);
      if (probe?.isAnswer(received.bytes)) end();
    });
  });
}

function open(address: BoundAddress, isSecure: boolean): Socket {
  if (address.kind === 'unix') return connectPlain(address.path);
  const { host, port } = address;
  // This is our own listener, found by its address, so the names in its certificate do not matter.
  return isSecure ? connectTls({ host, port, rejectUnauthorized: false }) : connectPlain({ host, port });
}
