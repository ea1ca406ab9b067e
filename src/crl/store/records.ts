import { decode, encode } from '../../wire/codec.js';
import type { WantedCrl } from '../../wire/crl.js';
import type { UrlRecord } from '../../wire/ingest.js';
import { StoreError } from './store-error.js';

/** What identifies the layout; another one is not read. */
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
  /** What it takes. */
  readonly bytes: number;
  /** Octets of the CRL itself, where they are kept: see der-files.ts; else 0. */
  readonly derBytes: number;
  /** Some entry names its certificate's issuer. */
  readonly hasCertificateIssuer: boolean;
  /** See `UnclearIssuers`. */
  readonly unclearIssuers: readonly UnclearIssuer[];
  /** The key of the CRL that it stands beside: see place.ts. */
  readonly beside?: Uint8Array;
  /** What it was fetched for; absent where nobody fetched it. */
  readonly fetched?: Pick<WantedCrl, 'uris' | 'isDelta' | 'source'>;
}

/** The newest CRL ever taken for a key: it outlives the CRL itself. */
export interface Mark {
  /** ms */
  readonly thisUpdate: number;
  readonly number: bigint | null;
}

export interface Lease {
  readonly holder: string;
  /** ms since 1970, by the host's clock: when it was taken last, and until when it lasts. */
  readonly since: number;
  readonly until: number;
}

/** Of a URL of which nothing is known. */
export const NO_RECORD: UrlRecord = { fetchedAt: null, failures: 0, retryAt: 0 };

export { encode as toBytes } from '../../wire/codec.js';

export function markBytes({ thisUpdate, number }: Mark): Buffer {
  return encode({ thisUpdate, number: number === null ? null : number.toString() });
}

export function readFormat(bytes: Uint8Array): FormatRecord {
  const fields = fieldsOf(bytes, 'format');
  const format = integer(fields, 'format');
  if (format !== FORMAT)
    throw new StoreError('STORE_DAMAGED', `the CRL store has format ${format}, not ${FORMAT}`);
  const secret = octets(fields, 'secret');
  if (secret.length !== 8) throw damaged('format', 'secret');
  return { format, secret };
}

export function readHead(bytes: Uint8Array): Head {
  const fields = fieldsOf(bytes, 'head of a CRL');
  return {
    generation: integer(fields, 'generation'),
    header: octets(fields, 'header'),
    signerId: text(fields, 'signerId'),
    signer: octets(fields, 'signer'),
    source: text(fields, 'source'),
    storedAt: integer(fields, 'storedAt'),
    entries: integer(fields, 'entries'),
    buckets: integer(fields, 'buckets'),
    issuerTables: integer(fields, 'issuerTables'),
    bytes: integer(fields, 'bytes'),
    derBytes: integer(fields, 'derBytes'),
    hasCertificateIssuer: fields['hasCertificateIssuer'] === true,
    unclearIssuers: list(fields, 'unclearIssuers').map(readUnclearIssuer),
    ...(fields['beside'] === undefined ? {} : { beside: octets(fields, 'beside') }),
    ...fetchedOf(fields),
  };
}

export function readMark(bytes: Uint8Array): Mark {
  const fields = fieldsOf(bytes, 'high-water mark');
  const written = fields['number'];
  if (written !== null && (typeof written !== 'string' || !/^\d+$/.test(written)))
    throw damaged('high-water mark', 'number');
  return { thisUpdate: integer(fields, 'thisUpdate'), number: written === null ? null : BigInt(written) };
}

export function readLease(bytes: Uint8Array): Lease {
  const fields = fieldsOf(bytes, 'lease');
  const until = integer(fields, 'until');
  return {
    holder: text(fields, 'holder'),
    since: fields['since'] === undefined ? until : integer(fields, 'since'),
    until,
  };
}

export function readUrlRecord(bytes: Uint8Array): UrlRecord {
  const fields = fieldsOf(bytes, 'record of a URL');
  const optional = (name: 'etag' | 'lastModified' | 'crl' | 'code' | 'message'): Partial<UrlRecord> =>
    fields[name] === undefined ? {} : { [name]: text(fields, name) };
  return {
    ...optional('etag'),
    ...optional('lastModified'),
    ...optional('crl'),
    ...optional('code'),
    ...optional('message'),
    ...hearsayOf(fields),
    ...(fields['wanted'] === undefined ? {} : { wanted: readWanted(fields['wanted']) }),
    ...(fields['age'] === undefined ? {} : { age: integer(fields, 'age') }),
    ...(fields['checking'] === undefined ? {} : { checking: integer(fields, 'checking') }),
    ...(fields['failedAt'] === undefined ? {} : { failedAt: integer(fields, 'failedAt') }),
    fetchedAt: fields['fetchedAt'] === null ? null : integer(fields, 'fetchedAt'),
    failures: integer(fields, 'failures'),
    retryAt: integer(fields, 'retryAt'),
  };
}

function readUnclearIssuer(value: unknown): UnclearIssuer {
  const fields = typeof value === 'object' && value !== null ? { ...value } : {};
  return { name: octets(fields, 'name'), number: integer(fields, 'number') };
}

function fetchedOf({ fetched }: Fields): Pick<Head, 'fetched'> {
  if (typeof fetched !== 'object' || fetched === null) return {};
  const fields: Fields = { ...fetched };
  const { uris, isDelta, source } = fields;
  if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string')) throw damaged('record', 'uris');
  return {
    fetched: {
      uris,
      isDelta: isDelta === true,
      ...(source !== undefined && { source: text(fields, 'source') }),
    },
  };
}

function hearsayOf({ hearsay }: Fields): Pick<UrlRecord, 'hearsay'> {
  if (typeof hearsay !== 'object' || hearsay === null) return {};
  const fields: Fields = { ...hearsay };
  return { hearsay: { answeredAt: integer(fields, 'answeredAt'), since: integer(fields, 'since') } };
}

function readWanted(value: unknown): WantedCrl {
  const fields = typeof value === 'object' && value !== null ? { ...value } : {};
  return {
    issuer: octets(fields, 'issuer'),
    uris: list(fields, 'uris').filter((uri) => typeof uri === 'string'),
    isDelta: 'isDelta' in fields && fields.isDelta === true,
    signers: list(fields, 'signers').filter((spki) => spki instanceof Uint8Array),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(bytes: Uint8Array, what: string): Fields {
  try {
    const value = decode(bytes);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (cause) {
    throw new StoreError('STORE_DAMAGED', `the store holds no readable ${what}`, { cause });
  }
  throw new StoreError('STORE_DAMAGED', `the store holds no readable ${what}`);
}

function integer(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw damaged('record', name);
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw damaged('record', name);
  return value;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw damaged('record', name);
  return value;
}

function octets(fields: Fields, name: string): Uint8Array {
  const value = fields[name];
  if (!(value instanceof Uint8Array)) throw damaged('record', name);
  return value;
}

function damaged(what: string, name: string): StoreError {
  return new StoreError('STORE_DAMAGED', `the store holds a ${what} whose ${name} is none`);
}
