import { mkdirSync } from 'node:fs';
import { open, openAsClass, type RootDatabase } from 'lmdb';
import { codeOf, messageOf } from '../../errors.js';
import { checkDataFile, environmentPath, identityOf } from './environment-files.js';
import { bucketKey, isBucketKey, type KeyRange, setBucket } from './records/keys.js';
import { seal, unseal } from './records/sealed-record.js';
import { StoreError } from './store-error.js';

/** Bounds the file; pages that a stopped reader keeps from being used again are within it, too. */
const MAP_SIZE = 64 * 1024 ** 3;
/** Threads with a read transaction at one time, over all processes. */
const MAX_READERS = 2048;

type Database = RootDatabase<Uint8Array, Buffer>;

const OPTIONS = {
  encoding: 'binary',
  keyEncoding: 'binary',
  mapSize: MAP_SIZE,
  maxReaders: MAX_READERS,
  permissionsMode: 0o600,
  // All transactions are explicit; the failure of an implicit batch could not be reported.
  eventTurnBatching: false,
} as const;

/** A value as the database lends it: until the next read, and longer than it says. */
export interface Lent {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly length: number;
}

/**
 * The environment for reading. All reads of one turn of the event loop see one state of it, and no later one; those of
 * the next turn, or after `renew`, see the newest. Neither opening nor reading ever waits for a writer. Errors are
 * `StoreError`.
 */
export class Environment {
  readonly path: string;
  /** See `identityOf`. */
  readonly identity: string | undefined;
  protected readonly database: Database;
  #lent: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  protected constructor(path: string, database: Database) {
    this.path = path;
    this.database = database;
    this.identity = identityOf(path);
  }

  static openToRead(dataDirectory: string): Environment {
    const path = prepare(dataDirectory);
    return new Environment(
      path,
      guarded(path, () => open<Uint8Array, Buffer>({ ...OPTIONS, path, readOnly: true })),
    );
  }

  /** For a process without a writer. Creates no files. */
  static openOnlyToRead(dataDirectory: string): Environment {
    const path = environmentPath(dataDirectory);
    return guarded(path, () => {
      checkDataFile(path);
      return new Environment(path, open<Uint8Array, Buffer>({ ...OPTIONS, path, readOnly: true }));
    });
  }

  /** A copy. */
  get(key: Buffer): Uint8Array | undefined {
    return guarded(this.path, () => {
      const value = this.database.getBinary(key);
      return value && opened(key, value);
    });
  }

  /** The stored octets: a bucket, or a record with its seal. */
  lend(key: Buffer): Lent | undefined {
    const { database } = this;
    const bytes = guarded(this.path, () => database.getBinaryFast(key));
    if (bytes === undefined) return undefined;
    if (bytes !== this.#lent) {
      // Nearly always the same array: lmdb copies what it reads there.
      this.#lent = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset);
    }
    return { bytes, view: this.#view, length: bytes.length };
  }

  /** Keys and copies of values, in order. */
  entries({ start, end }: KeyRange): readonly { readonly key: Buffer; readonly value: Uint8Array }[] {
    return guarded(this.path, () =>
      [...this.database.getRange({ start, end, snapshot: true })].map(({ key, value }) => ({
        key,
        value: opened(key, value),
      })),
    );
  }

  keys({ start, end }: KeyRange, limit = Infinity): readonly Buffer[] {
    const bounded = Number.isFinite(limit) ? { limit } : {};
    return guarded(this.path, () => [...this.database.getKeys({ start, end, ...bounded })]);
  }

  renew(): void {
    this.database.resetReadTxn();
  }

  async close(): Promise<void> {
    await this.database.close();
  }
}

/** Opened by one thread of a process, which alone may wait for another writer. */
export class WritableEnvironment extends Environment {
  /** Waits for a transaction of another process to end. */
  static openToWrite(dataDirectory: string): WritableEnvironment {
    const path = prepare(dataDirectory);
    return new WritableEnvironment(
      path,
      guarded(path, () => open<Uint8Array, Buffer>({ ...OPTIONS, path })),
    );
  }

  /** Runs `change`, in which nothing waits, as one transaction; what it throws undoes nothing, so it throws first. */
  async transaction<T>(change: () => T): Promise<T> {
    try {
      return await this.database.transaction(change);
    } catch (error) {
      throw asStoreError(this.path, await commitErrorOf(error));
    }
  }

  /**
   * Writes buckets of a generation that follow each other, as one transaction; they must stay as they are until then.
   * Their key is one, of which each put takes a copy.
   */
  async writeBuckets(generation: number, first: number, buckets: readonly Uint8Array[]): Promise<void> {
    const { database } = this;
    const key = bucketKey(generation, first);
    await this.transaction(() => {
      for (let i = 0; i < buckets.length; i++) {
        setBucket(key, first + i);
        void database.put(key, buckets[i]!);
      }
    });
  }

  /** Within a transaction. */
  put(key: Buffer, value: Uint8Array): void {
    void this.database.put(key, seal(key, value));
  }

  /** Within a transaction. */
  remove(key: Buffer): void {
    void this.database.remove(key);
  }
}

function opened(key: Buffer, value: Uint8Array): Uint8Array {
  return isBucketKey(key) ? value : unseal(key, value);
}

/**
 * LMDB has one handle of an environment in a process, whose rights are fixed when it is first opened: that must be a
 * writer's handle, even if a reader comes first. Opening it as a class begins no transaction, which might wait.
 */
function prepare(dataDirectory: string): string {
  const path = environmentPath(dataDirectory);
  return guarded(path, () => {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    checkDataFile(path);
    openAsClass({ ...OPTIONS, path });
    return path;
  });
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw asStoreError(path, error);
  }
}

/** lmdb reports the reason of a failed commit later, by a rejected promise. */
async function commitErrorOf(thrown: unknown): Promise<unknown> {
  if (typeof thrown !== 'object' || thrown === null || !('commitError' in thrown)) return thrown;
  const { commitError } = thrown;
  if (!(commitError instanceof Promise)) return thrown;
  let timer: NodeJS.Timeout | undefined;
  const untold = new Promise<unknown>((resolve) => {
    timer = setTimeout(resolve, 1000, thrown);
  });
  const told = commitError.then(
    () => thrown,
    (error: unknown) => error,
  );
  const reason = await Promise.race([told, untold]);
  clearTimeout(timer);
  return reason;
}

/** MDB_PAGE_NOTFOUND, MDB_CORRUPTED, MDB_PANIC, MDB_VERSION_MISMATCH, MDB_INVALID, MDB_INCOMPATIBLE. */
const DAMAGE: ReadonlySet<unknown> = new Set([-30_797, -30_796, -30_795, -30_794, -30_793, -30_784]);

/** EIO, which LMDB makes of a write cut short, EFBIG, ENOSPC, MDB_MAP_FULL. */
const NO_ROOM: ReadonlySet<unknown> = new Set([5, 27, 28, -30_792]);

function asStoreError(path: string, thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const code = DAMAGE.has(codeOf(thrown)) ? 'STORE_DAMAGED' : 'STORE_FAILED';
  const hint = NO_ROOM.has(codeOf(thrown)) ? '; is there room on the disk?' : '';
  return new StoreError(code, `the CRL store ${path}: ${messageOf(thrown)}${hint}`, { cause: thrown });
}
