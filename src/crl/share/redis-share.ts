import { randomBytes } from 'node:crypto';
import { BoundedMap } from '../../verify/keys/bounded-map.js';
import { DownloadSlots } from '../fetch/download-slots.js';
import { compareAge } from '../store/newer.js';
import type { PublishedCrl, Share, SharedCrl } from '../supply/share.js';
import type { RedisConnection } from './redis-connection.js';
import {
  entryText,
  isTime,
  MAX_ENTRY,
  newBodyId,
  readEntry,
  readTime,
  type SharedEntry,
  type SharedNames,
} from './shared-entry.js';

export interface RedisShareOptions {
  readonly connection: RedisConnection;
  readonly names: SharedNames;
  /** `crl.maxSize` */
  readonly maxSize: number;
  /** ms that putting a CRL there may take: `crl.redisMaxWait` */
  readonly wait: number;
  /** ms that one fetch may take: `crl.fetchTimeout` */
  readonly fetchTimeout: number;
  /** ms: `crl.refresh` */
  readonly refresh: number;
  /** ms since 1970. */
  readonly now: () => number;
}

/** Bytes moved by one command. */
const PIECE = 256 * 1024;
/** CRLs that are read from Redis at once. */
const READERS = 4;
/** ms for which staged but unpublished bytes, and superseded ones that may still be read, are kept. */
const STAGED = 600_000;
const SUPERSEDED = 60_000;
/** An entry is kept for two refreshes, and for no less than this, ms; never beyond the CRL's own end. */
const KEPT = 86_400_000;
/** Leases of this process. */
const MAX_LEASES = 10_000;

/**
 * CRLs in Redis. A URL has an entry, which says what its server has, and names a key with the bytes; these are written
 * under a new key before the entry is changed, so that readers find either the old or the new bytes, complete. Ages are
 * computed by the clock of Redis, since the clocks of hosts differ.
 */
export class RedisShare implements Share {
  readonly #options: RedisShareOptions;
  readonly #readers = new DownloadSlots(READERS, READERS);
  readonly #leases = new BoundedMap<string, string>(MAX_LEASES);
  readonly #counts = { hit: 0, miss: 0, refused: 0, published: 0 };

  constructor(options: RedisShareOptions) {
    this.#options = options;
  }

  async look(url: string): Promise<SharedCrl | undefined> {
    const { connection, names, now } = this.#options;
    const found = await connection.run(async (redis) =>
      Promise.all([redis.time(), redis.getrange(names.entry(url), 0, MAX_ENTRY)]),
    );
    if (found === undefined) return undefined;
    const time = readTime(found[0]);
    const entry = readEntry(found[1]);
    if (time === undefined || entry === undefined) return undefined;
    const answeredAt = now() - (time - entry.at);
    return isTime(answeredAt) ? { ...entry, answeredAt } : undefined;
  }

  async read({ body }: SharedCrl, end: number): Promise<Uint8Array | undefined> {
    const { maxSize } = this.#options;
    if (body === null || body.size > maxSize) return undefined;
    try {
      const release = await this.#readers.take(
        '',
        AbortSignal.timeout(Math.max(1, Math.ceil(end - performance.now()))),
      );
      try {
        return await this.#read(body, end);
      } finally {
        release();
      }
    } catch {
      // Its turn did not come in time.
      return undefined;
    }
  }

  async #read(
    { id, size }: { readonly id: string; readonly size: number },
    end: number,
  ): Promise<Uint8Array | undefined> {
    const { connection, names } = this.#options;
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += PIECE) {
      const last = Math.min(at + PIECE, size) - 1;
      const piece =
        performance.now() < end &&
        (await connection.run((redis) => redis.getrangeBuffer(names.body(id), at, last)));
      if (!Buffer.isBuffer(piece) || piece.length !== last - at + 1) return undefined;
      bytes.set(piece, at);
    }
    return bytes;
  }

  async acquireLease(url: string): Promise<boolean> {
    const { connection, names, fetchTimeout } = this.#options;
    const token = randomBytes(16).toString('hex');
    const answer = await connection.run(async (redis) => ({
      taken: await redis.set(names.lease(url), token, 'PX', fetchTimeout, 'NX'),
    }));
    if (answer === undefined) return true;
    const isTaken = answer.taken === 'OK';
    if (isTaken) this.#leases.set(url, token);
    return isTaken;
  }

  /** One that ended by itself meanwhile may be another host's now. */
  async releaseLease(url: string): Promise<void> {
    const { connection, names } = this.#options;
    const token = this.#leases.get(url);
    if (token === undefined) return;
    await connection.run(async (redis) => {
      const held = await redis.get(names.lease(url));
      if (held === token) await redis.del(names.lease(url));
    });
  }

  async stage(der: Uint8Array): Promise<string | undefined> {
    const { connection, names, wait } = this.#options;
    const id = newBodyId();
    const end = performance.now() + wait;
    for (let at = 0; at < der.length; at += PIECE) {
      const piece = Buffer.from(der.buffer, der.byteOffset + at, Math.min(PIECE, der.length - at));
      const done =
        performance.now() < end &&
        (await connection.run<unknown>((redis) =>
          at === 0 ? redis.set(names.body(id), piece, 'PX', STAGED) : redis.append(names.body(id), piece),
        ));
      if (done === false || done === undefined) {
        await this.discard(id);
        return undefined;
      }
    }
    return id;
  }

  async publish(
    url: string,
    crl: PublishedCrl,
    staged?: { readonly id: string; readonly size: number },
  ): Promise<void> {
    const { connection, names } = this.#options;
    const { thisUpdate, nextUpdate, number, content } = crl;
    await connection.run(async (redis) => {
      const [time, text] = await Promise.all([redis.time(), redis.getrange(names.entry(url), 0, MAX_ENTRY)]);
      const at = readTime(time);
      if (at === undefined) return;
      const old = readEntry(text);
      const isSame = old !== undefined && compareAge(crl, old) === 'same' && content === old.content;
      const body = staged ?? (isSame ? old.body : null);
      const lasting = this.#lasting(crl, at);
      if (lasting <= 0) return;
      const entry = entryText({ at, thisUpdate, nextUpdate, number, content, body });
      const steps = redis.pipeline().set(names.entry(url), entry, 'PX', lasting);
      if (body !== null) steps.pexpire(names.body(body.id), lasting);
      if (old?.body && old.body.id !== body?.id) steps.pexpire(names.body(old.body.id), SUPERSEDED);
      if (staged !== undefined && !isSame) steps.publish(names.channel, url);
      for (const [error] of (await steps.exec()) ?? []) if (error !== null) throw error;
      this.#counts.published++;
    });
  }

  async discard(id: string): Promise<void> {
    const { connection, names } = this.#options;
    await connection.run((redis) => redis.unlink(names.body(id)));
  }

  count(what: 'hit' | 'miss' | 'refused'): void {
    this.#counts[what]++;
  }

  get counts(): Readonly<Record<'hit' | 'miss' | 'refused' | 'published', number>> {
    return this.#counts;
  }

  /** ms that an entry stays. */
  #lasting({ nextUpdate }: Pick<SharedEntry, 'nextUpdate'>, now: number): number {
    const kept = Math.max(2 * this.#options.refresh, KEPT);
    return nextUpdate === null ? kept : Math.min(kept, nextUpdate - now);
  }
}
