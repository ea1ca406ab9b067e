import type { Logger } from '../../log.js';
import type { RedisConnection } from './redis-connection.js';

export interface AnnouncementsOptions {
  readonly connection: RedisConnection;
  readonly channel: string;
  /** URLs that this process uses CRLs of. */
  readonly watched: () => { has(url: string): boolean; keys(): Iterable<string> };
  /** Looks what another host has of the URL, and takes it; `again` where that cannot be done now. Never rejects. */
  readonly onAnnounced: (url: string) => Promise<'done' | 'again'>;
  readonly log: Logger;
  /** ms, by the monotonic clock. */
  readonly now: () => number;
  readonly random: () => number;
}

/** ms within which word of a newer CRL is followed, by chance, so that all hosts do not come at once. */
const SPREAD_MS = 500;
/** ms between two times that one URL is looked after. */
const LEAST_BETWEEN = 5000;
/** URLs waiting for that; whatever is announced beyond them is found at the CRL's own refresh. */
const MAX_WAITING = 10_000;
/** Messages a second that are still read one by one; beyond it the channel is left for a while, ms. */
const MAX_MESSAGES = 5000;
const LEFT_FOR = 30_000;

/**
 * Word that other hosts have newer CRLs. Anybody who reaches Redis may say so, however often: a message only names a
 * URL, is handled only for URLs in use, for each of them now and then, one after the other.
 */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  /** URL → when it may be looked after. */
  readonly #waiting = new Map<string, number>();
  readonly #handledAt = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #isHeeding = false;
  #isClosed = false;
  #second = { from: 0, messages: 0 };
  #received = 0;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
    options.connection.onMessage((url) => {
      this.#receive(url);
    });
  }

  /** Messages since the start. */
  get received(): number {
    return this.#received;
  }

  /** To be called whenever the connection is up; what was said while it was not is caught up with. */
  async subscribe(): Promise<void> {
    const { connection, channel, watched } = this.#options;
    const subscribed = await connection.run((redis) => redis.subscribe(channel));
    if (subscribed === undefined) return;
    for (const url of watched().keys()) this.#wait(url);
    this.#setTimer();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #receive(url: string): void {
    this.#received++;
    if (this.#isTooMuch()) return;
    if (this.#waiting.has(url) || !this.#options.watched().has(url)) return;
    this.#wait(url);
    this.#setTimer();
  }

  #isTooMuch(): boolean {
    const { now, connection, log } = this.#options;
    if (now() - this.#second.from >= 1000) this.#second = { from: now(), messages: 0 };
    if (++this.#second.messages <= MAX_MESSAGES) return false;
    if (this.#second.messages === MAX_MESSAGES + 1) {
      log.warn('more CRLs are announced through Redis than can be; its channel is left for a while', {
        aSecond: MAX_MESSAGES,
        for: LEFT_FOR,
      });
      connection.rest(LEFT_FOR);
    }
    return true;
  }

  #wait(url: string): void {
    const { now, random } = this.#options;
    if (this.#waiting.size >= MAX_WAITING || this.#isClosed) return;
    const soon = now() + SPREAD_MS * random();
    this.#waiting.set(url, Math.max(soon, (this.#handledAt.get(url) ?? -Infinity) + LEAST_BETWEEN));
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#isHeeding || this.#waiting.size === 0) return;
    const next = Math.min(...this.#waiting.values());
    this.#timer = setTimeout(
      () => {
        void this.#handleDue();
      },
      Math.max(0, next - this.#options.now()),
    ).unref();
  }

  async #handleDue(): Promise<void> {
    const { now, onAnnounced } = this.#options;
    this.#isHeeding = true;
    for (const [url, due] of this.#waiting) {
      if (due > now()) continue;
      this.#waiting.delete(url);
      this.#remember(url);
      if ((await onAnnounced(url)) === 'again') this.#wait(url);
    }
    this.#isHeeding = false;
    this.#setTimer();
  }

  /** Only those that a new message would have to wait for. */
  #remember(url: string): void {
    const { now } = this.#options;
    this.#handledAt.delete(url);
    this.#handledAt.set(url, now());
    for (const [old, at] of this.#handledAt) {
      if (now() - at < LEAST_BETWEEN) break;
      this.#handledAt.delete(old);
    }
  }
}
