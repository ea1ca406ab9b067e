import { formatDuration, formatSize } from '../../config/units.js';
import { asFetchError, FetchError } from './fetch-error.js';

export interface WatchLimits {
  /** ms for everything: waiting for a turn, redirects, the body. */
  readonly fetchTimeout: number;
  /** ms in each of which a server has to send its share. */
  readonly stallTimeout: number;
}

/** Bytes a second below which a server counts as stalled: the answer would take days. */
const LEAST_RATE = 512;

/**
 * The time limits of one fetch as a signal that aborts with the FetchError that says which. A server that sends a
 * byte now and then is never silent, so what counts is how much came in each stretch of `stallTimeout`, the wait
 * for its headers included.
 */
export class FetchWatch {
  readonly #controller = new AbortController();
  readonly #limits: WatchLimits;
  readonly #caller: AbortSignal;
  readonly #total: NodeJS.Timeout;
  #stretch: NodeJS.Timeout | undefined;
  #received = 0;

  constructor(caller: AbortSignal, limits: WatchLimits) {
    this.#limits = limits;
    this.#caller = caller;
    const { fetchTimeout } = limits;
    this.#total = setTimeout(() => {
      this.#abort(new FetchError('timeout', `it took longer than ${formatDuration(fetchTimeout)}`));
    }, fetchTimeout).unref();
    caller.addEventListener('abort', this.#giveUp);
    if (caller.aborted) this.#giveUp();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A server is about to be asked. */
  startStretch(): void {
    clearTimeout(this.#stretch);
    this.#received = 0;
    const { stallTimeout } = this.#limits;
    const least = (LEAST_RATE * stallTimeout) / 1000;
    this.#stretch = setTimeout(() => {
      if (this.#received >= least) {
        this.startStretch();
        return;
      }
      const came = this.#received === 0 ? 'nothing' : `no more than ${formatSize(this.#received)}`;
      this.#abort(new FetchError('timeout', `${came} came within ${formatDuration(stallTimeout)}`));
    }, stallTimeout).unref();
  }

  received(bytes: number): void {
    this.#received += bytes;
  }

  end(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#stretch);
    this.#caller.removeEventListener('abort', this.#giveUp);
  }

  /** The promise, or the abort, whichever is first: not everything that is waited for can be cancelled. */
  orAborted<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(asFetchError(signal.reason));
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
    });
  }

  readonly #giveUp = (): void => this.#abort(new FetchError('aborted', 'it was given up'));

  #abort(error: FetchError): void {
    this.#controller.abort(error);
  }
}
