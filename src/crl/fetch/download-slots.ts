import { asFetchError } from './fetch-error.js';

/** A turn to download; released once, whatever comes of it. */
export type Release = () => void;

interface Waiting {
  readonly host: string;
  readonly grant: () => void;
}

/**
 * How many downloads run at once, overall and from each host. Turns go in order of arrival, but a host that has all
 * its downloads running does not hold up those that wait for another.
 */
export class DownloadSlots {
  readonly #most: number;
  readonly #mostPerHost: number;
  readonly #running = new Map<string, number>();
  #total = 0;
  #waiting: Waiting[] = [];

  constructor(most: number, mostPerHost: number) {
    this.#most = most;
    this.#mostPerHost = mostPerHost;
  }

  /** Resolves when it is this download's turn; rejects with the signal's reason when it aborts first. */
  async take(host: string, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (!this.#isFree(host)) await this.#wait(host, signal);
    else this.#start(host);
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#finish(host);
    };
  }

  #wait(host: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(asFetchError(signal.reason));
      };
      const waiting: Waiting = {
        host,
        grant: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #isFree(host: string): boolean {
    return this.#total < this.#most && (this.#running.get(host) ?? 0) < this.#mostPerHost;
  }

  #start(host: string): void {
    this.#total++;
    this.#running.set(host, (this.#running.get(host) ?? 0) + 1);
  }

  #finish(host: string): void {
    this.#total--;
    const left = (this.#running.get(host) ?? 1) - 1;
    if (left === 0) this.#running.delete(host);
    else this.#running.set(host, left);
    const next = this.#waiting.findIndex((waiting) => this.#isFree(waiting.host));
    if (next < 0) return;
    const [waiting] = this.#waiting.splice(next, 1);
    if (waiting === undefined) return;
    this.#start(waiting.host);
    waiting.grant();
  }
}
