import type { WantedCrl } from '../../../wire/crl.js';
import type { Refusal, UrlRecord } from '../../../wire/ingest.js';
import { type Crl, parseCrl } from '../../../x509/crl.js';
import { X509Error } from '../../../x509/x509-error.js';
import { crlOf } from './keys.js';
import {
  count,
  type Fields,
  fieldsOf,
  flag,
  integer,
  list,
  map,
  octets,
  optional,
  recordBytes,
  text,
  texts,
  time,
} from './record-fields.js';
import { StoreError } from '../store-error.js';

/** The identifier of the layout; another layout is not read. */
export const FORMAT = 5;

/** Written once, when the environment is made. */
export interface FormatRecord {
  readonly format: number;
  /** 8 octets: the key of the hash that spreads entries over buckets. */
  readonly secret: Uint8Array;
}

/** A certificate issuer in an indirect CRL whose name cannot be compared with others. */
interface UnclearIssuer {
  /** DER */
  readonly name: Uint8Array;
  readonly number: number;
}

/** A CRL but for its entries. */
export interface Head {
  readonly generation: number;
  /** The CRL with its list cut out, DER: see `withoutEntries`. */
  readonly header: Uint8Array;
  readonly signerId: string;
  /** The signer's SubjectPublicKeyInfo, DER. */
  readonly signer: Uint8Array;
  readonly source: string;
  /** ms */
  readonly storedAt: number;
  readonly entries: number;
  readonly buckets: number;
  /** See issuer-table.ts. */
  readonly issuerTables: number;
  /** Its size in octets. */
  readonly bytes: number;
  /** Octets of the CRL itself, where they are kept: see der-files.ts; else 0. */
  readonly derBytes: number;
  /** Some entry names its certificate's issuer. */
  readonly hasCertificateIssuer: boolean;
  /** See `UnclearIssuers`. */
  readonly unclearIssuers: readonly UnclearIssuer[];
  /** The key of the CRL that it stands beside: see place.ts. */
  readonly beside?: Uint8Array;
  /** The want that it was fetched for; absent if it was not fetched. */
  readonly fetched?: Pick<WantedCrl, 'uris' | 'isDelta' | 'source'>;
}

interface Lease {
  readonly holder: string;
  /** ms since 1970, by the host's clock: when it was taken last, and until when it lasts. */
  readonly since: number;
  readonly until: number;
}

/** A generation that is being written: by which process, and since when, ms. */
interface Pending {
  readonly pid: number;
  readonly since: number;
}

/** The record of an unknown URL. */
export const NO_RECORD: UrlRecord = { fetchedAt: null, failures: 0, retryAt: 0 };

export const formatBytes = (record: FormatRecord): Buffer => recordBytes(record, readFormat);
export const headBytes = (head: Head): Buffer => recordBytes(head, readHead);
export const leaseBytes = (lease: Lease): Buffer => recordBytes(lease, readLease);
export const urlBytes = (record: UrlRecord): Buffer => recordBytes(record, readUrlRecord);
export const pendingBytes = (pending: Pending): Buffer => recordBytes(pending, readPending);

/** Throws STORE_DAMAGED: without it nothing else can be read. */
export function readFormat(bytes: Uint8Array): FormatRecord {
  try {
    const fields = fieldsOf(bytes, 'format');
    const [format, secret] = [integer(fields, 'format'), octets(fields, 'secret')];
    if (format === FORMAT && secret.length === 8) return { format, secret };
    throw new StoreError('STORE_DAMAGED', `the CRL store has format ${format}, not ${FORMAT}`);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code === 'STORE_DAMAGED') throw error;
    throw new StoreError('STORE_DAMAGED', error.message, { cause: error });
  }
}

/** Throws STORE_ODD, as the following do. */
export function readHead(bytes: Uint8Array): Head {
  const fields = fieldsOf(bytes, 'head of a CRL');
  return {
    generation: count(fields, 'generation'),
    header: octets(fields, 'header'),
    signerId: text(fields, 'signerId'),
    signer: octets(fields, 'signer'),
    source: text(fields, 'source'),
    storedAt: time(fields, 'storedAt'),
    entries: count(fields, 'entries'),
    buckets: count(fields, 'buckets'),
    issuerTables: count(fields, 'issuerTables'),
    bytes: count(fields, 'bytes'),
    derBytes: count(fields, 'derBytes'),
    hasCertificateIssuer: flag(fields, 'hasCertificateIssuer'),
    unclearIssuers: list(fields, 'unclearIssuers').map(readUnclearIssuer),
    ...optional(fields, 'beside', octets),
    ...optional(fields, 'fetched', readFetched),
  };
}

/** The scope's key, of one of its heads. @param key with which the head's own ends */
export function scopeOfHead(key: Uint8Array, { beside }: Head): Buffer {
  return beside === undefined ? crlOf(key) : Buffer.from(beside);
}

/** The CRL of a head, without its entries. Throws STORE_ODD. */
export function crlOfHead({ header }: Head): Crl {
  try {
    return parseCrl(header);
  } catch (error) {
    if (!(error instanceof X509Error)) throw error;
    throw new StoreError('STORE_ODD', `the CRL store holds a CRL that is not one: ${error.message}`, {
      cause: error,
    });
  }
}

export function readLease(bytes: Uint8Array): Lease {
  const fields = fieldsOf(bytes, 'lease');
  const until = time(fields, 'until');
  return { holder: text(fields, 'holder'), since: until, ...optional(fields, 'since', time), until };
}

export function readPending(bytes: Uint8Array): Pending {
  const fields = fieldsOf(bytes, 'note of a CRL that is being written');
  return { pid: count(fields, 'pid'), since: time(fields, 'since') };
}

export function readUrlRecord(bytes: Uint8Array): UrlRecord {
  const fields = fieldsOf(bytes, 'record of a URL');
  return {
    ...optional(fields, 'etag', text),
    ...optional(fields, 'lastModified', text),
    ...optional(fields, 'crl', text),
    ...optional(fields, 'refused', text),
    ...optional(fields, 'code', text),
    ...optional(fields, 'message', text),
    ...optional(fields, 'secondHand', readSecondHand),
    ...optional(fields, 'wanted', readWanted),
    ...optional(fields, 'age', integer),
    ...optional(fields, 'checking', time),
    ...optional(fields, 'refusal', readRefusal),
    ...optional(fields, 'failedAt', time),
    fetchedAt: fields['fetchedAt'] === null ? null : time(fields, 'fetchedAt'),
    failures: count(fields, 'failures'),
    retryAt: time(fields, 'retryAt'),
  };
}

function readUnclearIssuer(value: unknown): UnclearIssuer {
  const fields = map(value, 'unclearIssuers');
  return { name: octets(fields, 'name'), number: count(fields, 'number') };
}

function readFetched(record: Fields, name: string): NonNullable<Head['fetched']> {
  const fields = map(record[name], name);
  return {
    uris: texts(fields, 'uris'),
    isDelta: flag(fields, 'isDelta'),
    ...optional(fields, 'source', text),
  };
}

function readSecondHand(record: Fields, name: string): NonNullable<UrlRecord['secondHand']> {
  const fields = map(record[name], name);
  return { answeredAt: time(fields, 'answeredAt'), since: time(fields, 'since') };
}

function readRefusal(record: Fields, name: string): Refusal {
  const fields = map(record[name], name);
  return {
    code: text(fields, 'code'),
    message: text(fields, 'message'),
    count: count(fields, 'count'),
    at: time(fields, 'at'),
  };
}

function readWanted(record: Fields, name: string): WantedCrl {
  const fields = map(record[name], name);
  return {
    issuer: octets(fields, 'issuer'),
    uris: texts(fields, 'uris'),
    isDelta: flag(fields, 'isDelta'),
    signers: list(fields, 'signers').map((_, index, signers) => octets({ signer: signers[index] }, 'signer')),
  };
}
