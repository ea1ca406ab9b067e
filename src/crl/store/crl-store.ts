import { codeOf, messageOf } from '../../errors.js';
import type { CrlSummary, UrlRecord } from '../../wire/ingest.js';
import { type HashKey, hashKey } from '../../x509/keyed-hash.js';
import { mayBeSameName, type Name } from '../../x509/name.js';
import { Environment } from './environment.js';
import { type Epoch, epochNow, neverStored } from './epoch.js';
import { environmentPath, identityOf } from './environment-files.js';
import {
  ALL_HEADS,
  ALL_UNCLEAR,
  crlOf,
  FORMAT_KEY,
  headOfUnclear,
  headsOf,
  markKey,
  urlKey,
} from './records/keys.js';
import { readMark } from './notes/marks.js';
import { crlOfHead, type Head, readFormat, readHead, readUrlRecord, scopeOfHead } from './records/records.js';
import { plainUrl, readServed, type ServedCrl, type ServedIndex } from './served-crl.js';
import { StoredCrl } from './stored-crl.js';
import { summaryOf } from './summary.js';
import type { CrlSource, CandidateCrl } from '../../verify/crl-source.js';

export interface CrlStoreOptions {
  readonly dataDirectory: string;
  /** Nothing in this process ever writes the store: it is opened as it is, and nothing is made. */
  readonly isOnlyReader?: boolean;
  /** Told once of each trouble with the store. */
  report(message: string): void;
  /** ms since 1970. */
  now(): number;
  /** Told of a CRL that is in use, at most once in ten minutes, for the writer to note. */
  used?(key: string): void;
  /** Told that the environment of this identity is damaged, for the writer to look after it. */
  damaged?(identity: string): void;
  /** Told that a record is odd, for the writer to take out what is; now and then. */
  odd?(): void;
}

/** Between two looks at whether the environment was replaced, or can be opened at last, ms. */
const LOOK_AGAIN_MS = 1000;
const NOTE_USE_MS = 10 * 60_000;
/** Between two words to the writer of odd records, ms. */
const ODD_AGAIN_MS = 10_000;
/** Issuers whose CRLs a thread keeps the headers of. */
const MAX_ISSUERS = 4096;
const NONE: readonly Known[] = [];

interface Known extends CandidateCrl {
  readonly crl: StoredCrl;
  readonly key: string;
  notedAt: number;
}

interface HeadEntry {
  readonly key: Buffer;
  readonly value: Uint8Array;
}

interface UnclearHead extends HeadEntry {
  readonly name: Name;
}

interface Issuer {
  readonly epoch: number;
  readonly candidates: readonly Known[];
}

/** The environment, and what was read of it. */
interface Opened {
  readonly environment: Environment;
  /** Absent until a writer has been there. */
  hash: HashKey | undefined;
  readonly byIssuer: Map<string, Issuer>;
  served?: { readonly epoch: number } & ServedIndex;
  /** See `maybeHeadsOf`. */
  unclear?: { readonly epoch: number; readonly heads: readonly UnclearHead[] };
  /** The last read: the record, and its meaning; `isNow` until the end of the turn of the event loop. */
  epoch: Epoch;
}

/**
 * The host's store of CRLs as an IO loop or a task thread sees it: read only. What is found in one turn of the event
 * loop is of one moment, a base CRL and its deltas among it. Headers are kept in memory until the store's epoch
 * changes. A store that cannot be read is as good as an empty one, and is reported.
 */
export class CrlStore implements CrlSource {
  readonly #options: CrlStoreOptions;
  #opened: Opened | undefined;
  #lookedAt = -Infinity;
  #trouble = '';
  #oddAt = -Infinity;

  constructor(options: CrlStoreOptions) {
    this.#options = options;
  }

  find(issuer: Name): readonly CandidateCrl[] {
    return this.#reading(NONE, (opened) => {
      const epoch = epochOf(opened);
      let known = opened.byIssuer.get(issuer.key);
      if (known === undefined || known.epoch !== epoch)
        known = this.#readIssuer(opened, issuer, epoch, known);
      if (this.#options.used !== undefined && known.candidates.length > 0) this.#noteUse(known.candidates);
      return known.candidates;
    });
  }

  /** Changes whenever a CRL is stored or removed; 0 while the store cannot be read. */
  epoch(): number {
    return this.#reading(0, epochOf);
  }

  renew(): void {
    this.#lookedAt = -Infinity;
    if (this.#opened === undefined) return;
    this.#opened.epoch.isNow = false;
    this.#opened.environment.renew();
  }

  urlRecord(url: string): UrlRecord | undefined {
    return this.#reading(undefined, ({ environment }) => {
      const bytes = environment.get(urlKey(url));
      return bytes && this.#sound(() => readUrlRecord(bytes));
    });
  }

  /** All CRLs there are. */
  list(): readonly CrlSummary[] {
    return this.#reading<readonly CrlSummary[]>([], ({ environment }) =>
      environment
        .entries(ALL_HEADS)
        .flatMap(({ key, value }) => this.#sound(() => summaryOf(crlOf(key), readHead(value))) ?? []),
    );
  }

  /** One of them, by its summary's key. */
  crl(key: string): StoredCrl | undefined {
    return this.#reading(undefined, ({ environment }) => {
      const head = environment.entries(ALL_HEADS).find((entry) => crlOf(entry.key).toString('hex') === key);
      const hash = readHashKey(environment);
      if (head === undefined || hash === undefined) return undefined;
      const read = readHead(head.value);
      return this.#storedCrl(read, isScopeDisputed(environment, head.key, read), environment, hash);
    });
  }

  /** The CRL of a URL, and the URL as in its own record; `undefined` if the store has no CRL of it. */
  servedAt(url: string): { readonly crl: ServedCrl; readonly url: string } | undefined {
    return this.#reading(undefined, (opened) => {
      const { environment, served: before } = opened;
      const epoch = epochOf(opened);
      if (before?.epoch !== epoch) opened.served = { epoch, ...readServed(environment, before) };
      const key = this.urlRecord(url)?.crl;
      const noted = key === undefined ? undefined : opened.served?.byKey.get(key);
      const crl = noted ?? opened.served?.byUrl.get(plainUrl(url) ?? '');
      if (crl === undefined) return undefined;
      if (this.#options.used !== undefined) this.#noteUse([crl]);
      return { crl, url: noted === undefined ? crl.source : url };
    });
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#lookedAt = Infinity;
    await opened?.environment.close();
  }

  /** Reads the issuer's heads again; a CRL of an unchanged generation stays the same object. */
  #readIssuer(opened: Opened, issuer: Name, epoch: number, old: Issuer | undefined): Issuer {
    const { environment, byIssuer } = opened;
    const hash = (opened.hash ??= readHashKey(environment));
    if (hash === undefined) return { epoch, candidates: NONE };
    const heads = [...environment.entries(headsOf(issuer.key)), ...maybeHeadsOf(opened, issuer, epoch)];
    const candidates = heads.map(({ key, value }): Known => {
      const head = readHead(value);
      const isDisputed = isScopeDisputed(environment, key, head);
      const same = old?.candidates.find(({ crl }) => crl.generation === head.generation);
      if (same?.crl.isDisputed === isDisputed) return same;
      const crl = this.#storedCrl(head, isDisputed, environment, hash);
      return { crl, source: head.source, key: crlOf(key).toString('hex'), notedAt: -Infinity };
    });
    if (byIssuer.size >= MAX_ISSUERS) byIssuer.clear();
    const known = { epoch, candidates };
    byIssuer.set(issuer.key, known);
    return known;
  }

  /** Throws STORE_ODD. */
  #storedCrl(head: Head, isDisputed: boolean, environment: Environment, hash: HashKey): StoredCrl {
    return new StoredCrl(head, environment, hash, { isDisputed, trouble: (error) => this.#note(error) });
  }

  /** `undefined` for a record that is odd, which the writer is told of. */
  #sound<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (codeOf(error) !== 'STORE_ODD') throw error;
      this.#note(error);
      return undefined;
    }
  }

  #noteUse(candidates: readonly { readonly key: string; notedAt: number }[]): void {
    const now = this.#options.now();
    for (const candidate of candidates) {
      if (now - candidate.notedAt < NOTE_USE_MS && now >= candidate.notedAt) continue;
      candidate.notedAt = now;
      this.#options.used?.(candidate.key);
    }
  }

  /** `fallback` if there is no readable store. */
  #reading<T>(fallback: T, read: (opened: Opened) => T): T {
    const now = this.#options.now();
    if (now - this.#lookedAt >= LOOK_AGAIN_MS || now < this.#lookedAt) {
      this.#lookedAt = now;
      this.#look();
    }
    const opened = this.#opened;
    if (opened === undefined) return fallback;
    try {
      return read(opened);
    } catch (error) {
      this.#note(error);
      return fallback;
    }
  }

  /** Opens the environment, or the one that has taken its place. */
  #look(): void {
    const { dataDirectory, isOnlyReader = false } = this.#options;
    try {
      const opened = this.#opened;
      if (opened !== undefined) {
        if (identityOf(opened.environment.path) === opened.environment.identity) return;
        this.#opened = undefined;
        // Its last handle in the process; nothing of it is used any more.
        void opened.environment.close();
      }
      const environment = isOnlyReader
        ? Environment.openOnlyToRead(dataDirectory)
        : Environment.openToRead(dataDirectory);
      this.#opened = {
        environment,
        hash: undefined,
        byIssuer: new Map(),
        epoch: neverStored(),
      };
      this.#trouble = '';
    } catch (error) {
      this.#note(error);
    }
  }

  #noteOdd(): void {
    const now = this.#options.now();
    if (Math.abs(now - this.#oddAt) < ODD_AGAIN_MS) return;
    this.#oddAt = now;
    this.#options.odd?.();
  }

  #note(thrown: unknown): void {
    if (codeOf(thrown) === 'STORE_ODD') this.#noteOdd();
    const trouble = messageOf(thrown);
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.report(trouble);
    if (codeOf(thrown) !== 'STORE_DAMAGED') return;
    const { dataDirectory } = this.#options;
    const identity = this.#opened?.environment.identity ?? identityOf(environmentPath(dataDirectory));
    if (identity !== undefined) this.#options.damaged?.(identity);
  }
}

/**
 * Heads whose issuer's name cannot be compared and may be this one: what such a CRL lists is in doubt. There are next to
 * none; they are read once an epoch. Throws STORE_ODD.
 */
function maybeHeadsOf(opened: Opened, issuer: Name, epoch: number): readonly HeadEntry[] {
  if (opened.unclear?.epoch !== epoch) opened.unclear = { epoch, heads: readUnclear(opened.environment) };
  return opened.unclear.heads.filter(({ name }) => name.key !== issuer.key && mayBeSameName(name, issuer));
}

function readUnclear(environment: Environment): readonly UnclearHead[] {
  return environment.keys(ALL_UNCLEAR).flatMap((unclear) => {
    const key = headOfUnclear(unclear);
    const value = environment.get(key);
    return value === undefined ? [] : [{ key, value, name: crlOfHead(readHead(value)).issuer }];
  });
}

/** See `ScopeMark`. Throws STORE_ODD. */
function isScopeDisputed(environment: Environment, key: Buffer, head: Head): boolean {
  const mark = environment.get(markKey(scopeOfHead(key, head)));
  return mark !== undefined && readMark(mark).disputed !== undefined;
}

/** Throws STORE_DAMAGED. */
function readHashKey(environment: Environment): HashKey | undefined {
  const record = environment.get(FORMAT_KEY);
  return record && hashKey(readFormat(record).secret);
}

/** Throws STORE_DAMAGED. */
function epochOf(opened: Opened): number {
  opened.epoch = epochNow(opened.environment, opened.epoch);
  return opened.epoch.value;
}
