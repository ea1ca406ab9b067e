import { randomBytes } from 'node:crypto';
import { codeOf } from '../../../errors.js';
import type { WantedCrl } from '../../../wire/crl.js';
import type { UrlRecord } from '../../../wire/ingest.js';
import type { WritableEnvironment } from '../environment.js';
import { leaseKey, urlKey, useKey } from '../records/keys.js';
import { numberBytes } from '../records/numbers.js';
import { pastTime } from '../records/past-times.js';
import { leaseBytes, NO_RECORD, readLease, readUrlRecord, urlBytes } from '../records/records.js';

/** A lease lasts no longer, ms. */
const MAX_LEASE = 10 * 60_000;

/** The small records beside the CRLs: of URLs, of use, and leases. Each change is one transaction. */
export class NoteWriter {
  readonly environment: WritableEnvironment;
  readonly #holder = randomBytes(8).toString('hex');
  readonly #now: () => number;

  /** @param now ms since 1970 */
  constructor(environment: WritableEnvironment, now: () => number) {
    this.environment = environment;
    this.#now = now;
  }

  /** A CRL that is not there is not in use. */
  async noteUse(key: Buffer): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      if (environment.get(useKey(key)) === undefined) return;
      environment.put(useKey(key), numberBytes(this.#now()));
    });
  }

  async noteUrl(url: string, record: UrlRecord): Promise<void> {
    const { environment } = this;
    const bytes = urlBytes(record);
    await environment.transaction(() => {
      environment.put(urlKey(url), bytes);
    });
  }

  /** Sets the want that a URL is named for, if it has none, in one transaction, since others note what they fetched. */
  async learnUrl(url: string, wanted: WantedCrl): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      const bytes = environment.get(urlKey(url));
      const record = (bytes && quietly(() => readUrlRecord(bytes))) ?? NO_RECORD;
      if (record.wanted === undefined) environment.put(urlKey(url), urlBytes({ ...record, wanted }));
    });
  }

  /** Is the lease this process's now? It ends by itself after `duration` ms, however its holder ends. */
  async acquireLease(name: string, duration: number): Promise<boolean> {
    const { environment } = this;
    const lasting = Math.min(duration, MAX_LEASE);
    return environment.transaction(() => {
      const now = this.#now();
      const bytes = environment.get(leaseKey(name));
      const lease = bytes && quietly(() => readLease(bytes));
      const isHeld = lease !== undefined && pastTime(lease.since, now) > -Infinity && lease.until > now;
      if (isHeld && lease.holder !== this.#holder) return false;
      environment.put(leaseKey(name), leaseBytes({ holder: this.#holder, since: now, until: now + lasting }));
      return true;
    });
  }

  async releaseLease(name: string): Promise<void> {
    const { environment } = this;
    await environment.transaction(() => {
      const bytes = environment.get(leaseKey(name));
      const lease = bytes && quietly(() => readLease(bytes));
      if (lease?.holder === this.#holder) environment.remove(leaseKey(name));
    });
  }
}

/** `undefined` for a record that is odd. */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (codeOf(error) !== 'STORE_ODD') throw error;
    return undefined;
  }
}
