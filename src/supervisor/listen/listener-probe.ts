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
  /** What is asked on a listener of this protocol; a protocol without is only connected to. */
  readonly probeOf: (protocol: string) => Probe | undefined;
  /** Milliseconds that an answer may take before a warning. */
  readonly slow: () => number;
  readonly log: Logger;
}

/** More than this is no answer to a probe. */
const MAX_ANSWER = 64 * 1024;

/**
 * Asks each listener what any client could, from outside: connect, ask, wait for the answer. The time it takes tells
 * of everything between, a full backlog and a busy worker alike. A listener that does not answer in time is warned of
 * once, and once more told of when it answers again.
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

  /** Of the last probe; `null` before the first. */
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

/** Resolves with what went wrong, or nothing. */
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
      // One that the kernel has taken comes to the listener, sooner or later.
      if (!isConnected) listener.probes = Math.max(0, listener.probes - 1);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => end(`no answer within ${limit} ms`), limit);
    socket.once('connect', () => (isConnected = true));
    socket.once('error', (error) => end(messageOf(error)));
    socket.once('close', () => end('the connection was closed without an answer'));
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      // Who asks clients for certificates says no more to us than that.
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
  // Our own listener, found by its address: whom the certificate names says nothing here.
  return isSecure ? connectTls({ host, port, rejectUnauthorized: false }) : connectPlain({ host, port });
}
