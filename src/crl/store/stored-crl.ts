import { VerifyError } from '../../verify/failure.js';
import type { AlgorithmIdentifier } from '../../x509/algorithm.js';
import type { CrlEntry } from '../../x509/crl.js';
import type {
  AuthorityKeyIdentifier,
  DistributionPoint,
  Extension,
  IssuingDistributionPoint,
} from '../../x509/extensions.js';
import { DerReader } from '../../x509/der.js';
import { type HashKey, keyedHash } from '../../x509/keyed-hash.js';
import { type Name, readName, sameName } from '../../x509/name.js';
import { UnclearIssuers } from '../../x509/unclear-issuers.js';
import { countInBucket, findInBucket, sealOf, SLOTS, slotOf } from './bucket.js';
import { isKept } from './der-files.js';
import { contentOf } from './notes/marks.js';
import type { Environment } from './environment.js';
import { issuerPlace, numberInTable } from './issuer-table.js';
import { bucketKey, issuerTableKey, setBucket } from './records/keys.js';
import { crlOfHead, type Head } from './records/records.js';
import { StoreError } from './store-error.js';
import type { IndexedCrl } from '../../verify/crl-source.js';

interface StoredCrlOptions {
  /** See `ScopeMark`. */
  readonly isDisputed: boolean;
  /** Told of each read that failed. */
  readonly trouble: (error: StoreError) => void;
}

/** The source of a CRL's buckets. */
export type Buckets = Pick<Environment, 'path' | 'lend' | 'get'>;

/**
 * A CRL of the store: its header in memory, its entries read from the environment one bucket at a time. It stands for
 * one generation. When that is gone or cannot be read, `find` throws `VerifyError` INTERNAL, and never says that a
 * certificate is not listed.
 */
export class StoredCrl implements IndexedCrl {
  readonly signerId: string;
  readonly issuer: Name;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly extensions: readonly Extension[];
  readonly number: bigint | null;
  readonly isDelta: boolean;
  readonly baseNumber: bigint | null;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly hasEmptyList: boolean;
  /** A CRL that has one is not taken into the store. */
  readonly criticalEntryExtension = undefined;
  readonly hasCertificateIssuer: boolean;
  readonly generation: number;
  /** See `contentOf`. */
  readonly content: string;
  readonly isDisputed: boolean;
  readonly #derBytes: number;
  readonly #environment: Buckets;
  readonly #hashKey: HashKey;
  readonly #trouble: (error: StoreError) => void;
  readonly #buckets: number;
  readonly #issuerTables: number;
  readonly #seal: number;
  readonly #bucketKey: Buffer;
  readonly #issuerNumbers = new Map<string, number | undefined>();
  readonly #unclear = new UnclearIssuers();

  /** Throws STORE_ODD when the head is. */
  constructor(head: Head, environment: Buckets, hash: HashKey, { isDisputed, trouble }: StoredCrlOptions) {
    this.isDisputed = isDisputed;
    this.content = contentOf(head.header);
    this.#trouble = trouble;
    const header = crlOfHead(head);
    this.signerId = head.signerId;
    this.issuer = header.issuer;
    this.thisUpdate = header.thisUpdate;
    this.nextUpdate = header.nextUpdate;
    this.extensions = header.extensions;
    this.number = header.number;
    this.isDelta = header.isDelta;
    this.baseNumber = header.baseNumber;
    this.issuingDistributionPoint = header.issuingDistributionPoint;
    this.authorityKeyIdentifier = header.authorityKeyIdentifier;
    this.freshestCrl = header.freshestCrl;
    this.signatureAlgorithm = header.signatureAlgorithm;
    this.signature = header.signature;
    this.hasEmptyList = header.hasEmptyList;
    this.hasCertificateIssuer = head.hasCertificateIssuer;
    this.generation = head.generation;
    this.#derBytes = head.derBytes;
    this.#environment = environment;
    this.#hashKey = hash;
    this.#buckets = head.buckets;
    this.#issuerTables = head.issuerTables;
    this.#seal = sealOf(hash, head.generation, head.buckets);
    this.#bucketKey = bucketKey(head.generation, 0);
    for (const { name, number } of head.unclearIssuers)
      this.#unclear.add(readName(new DerReader(name), 'issuer'), number);
  }

  /** The CRL's own bytes are kept, too: see der-files.ts. */
  get hasDer(): boolean {
    return isKept(this.#environment.path, { generation: this.generation, derBytes: this.#derBytes });
  }

  find(serial: Uint8Array, issuer: Name): CrlEntry | undefined {
    return this.#reading(() => {
      const number = this.#numberFor(issuer);
      return number === undefined ? this.#confirmed() : this.#lookUp(serial, number);
    });
  }

  mayList(serial: Uint8Array, issuer: Name): boolean {
    return this.#reading(() => {
      const own = this.#numberFor(issuer);
      const numbers = this.#unclear.numbersFor(issuer, own, this.issuer, this.#issuerTables > 0);
      if (numbers === 'any') return true;
      return numbers.some((number) => {
        const entry = this.#lookUp(serial, number);
        return entry !== undefined && entry.reason !== 'removeFromCRL';
      });
    });
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#trouble(error);
      throw new VerifyError('INTERNAL', error.message);
    }
  }

  /** Reads every entry, and says how many there are. Throws `StoreError` where they are not as they were written. */
  countEntries(): number {
    let count = 0;
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const read = this.#environment.lend(bucketKey(this.generation, bucket));
      if (read === undefined) throw this.#gone();
      count += countInBucket(read, bucket, this.#seal);
    }
    return count;
  }

  /** 0 for the CRL's own issuer. */
  #numberFor(issuer: Name): number | undefined {
    return sameName(issuer, this.issuer) ? 0 : this.#numberOf(issuer);
  }

  #lookUp(serial: Uint8Array, number: number): CrlEntry | undefined {
    const hash = keyedHash(serial, 0, serial.length, number, this.#hashKey);
    const slot = slotOf(hash, this.#buckets);
    const key = this.#bucketKey;
    setBucket(key, Math.floor(slot / SLOTS));
    const bucket = this.#environment.lend(key);
    if (bucket === undefined) throw this.#gone();
    return findInBucket(bucket, slot, this.#seal, serial, number);
  }

  /** The number of another certificate issuer in this CRL, if it has any. */
  #numberOf(issuer: Name): number | undefined {
    if (this.#issuerTables === 0) return undefined;
    const { key } = issuer;
    if (this.#issuerNumbers.has(key)) return this.#issuerNumbers.get(key);
    const { table, name } = issuerPlace(key, this.#issuerTables);
    const found = this.#environment.get(issuerTableKey(this.generation, table));
    if (found === undefined) throw this.#gone();
    const number = numberInTable(found, name);
    // Names come from requests.
    if (this.#issuerNumbers.size >= 64) this.#issuerNumbers.clear();
    if (number !== undefined) this.#issuerNumbers.set(key, number);
    return number;
  }

  /** Nothing is listed for that issuer, if this generation is still there to say so. */
  #confirmed(): undefined {
    setBucket(this.#bucketKey, 0);
    if (this.#environment.lend(this.#bucketKey) === undefined) throw this.#gone();
  }

  #gone(): StoreError {
    return new StoreError('STORE_FAILED', 'the stored CRL was replaced or removed while it was being read');
  }
}
