import { hash } from 'node:crypto';

/**
 * The keys of the environment: one octet says what stands there, numbers are big-endian, so that related keys lie
 * next to each other and a new CRL's buckets come after all others.
 *
 *     01                            format and the secret of the hash
 *     02                            epoch
 *     03                            the last generation given out
 *     10 issuer(32) crl(32)         head of a CRL: found by the issuer's name alone
 *     11 issuer(32) crl(32)         the same key again, where the issuer's name cannot be compared with others
 *     20 generation(6) table(4)     numbers of certificate issuers in an indirect CRL
 *     30 generation(6) bucket(4)    bucket of entries
 *     31 generation(6)              being written, not yet switched to
 *     32 generation(6)              superseded or given up: to be deleted
 *     40 crl(32)                    high-water mark
 *     41 crl(32)                    last use
 *     42 signer(32)                 floor of a signer's scopes whose marks were given up; zeros: of all signers'
 *     50 url(32)                    what is remembered of a URL
 *     60 name(32)                   lease
 *
 * All but buckets are sealed records (sealed-record.ts); a bucket has seals of its own.
 */
export const FORMAT_KEY = Buffer.of(0x01);
export const EPOCH_KEY = Buffer.of(0x02);
export const GENERATION_KEY = Buffer.of(0x03);

const HEAD = 0x10;
const UNCLEAR = 0x11;
const ISSUER_TABLE = 0x20;
const BUCKET = 0x30;
const PENDING = 0x31;
const GARBAGE = 0x32;
const MARK = 0x40;
const USE = 0x41;
const FLOOR = 0x42;
const URL_RECORD = 0x50;
const LEASE = 0x60;

/** A range of keys, `end` excluded. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** @param issuerKey `Name.key` */
export function headKey(issuerKey: string, crl: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(HEAD), digest(issuerKey), crl]);
}

export function headsOf(issuerKey: string): KeyRange {
  const start = Buffer.concat([Buffer.of(HEAD), digest(issuerKey)]);
  return { start, end: Buffer.concat([start, Buffer.alloc(33, 0xff)]) };
}

export const ALL_HEADS = rangeOf(HEAD);

/** Says of a head's key that its issuer's name cannot be compared. */
export const unclearKey = (head: Uint8Array): Buffer => withKind(UNCLEAR, head);
export const ALL_UNCLEAR = rangeOf(UNCLEAR);
/** The head that such a key is about. */
export const headOfUnclear = (key: Uint8Array): Buffer => withKind(HEAD, key);

export const issuerTableKey = (generation: number, table: number): Buffer =>
  pieceKey(ISSUER_TABLE, generation, table);
export const bucketKey = (generation: number, bucket: number): Buffer => pieceKey(BUCKET, generation, bucket);

/** Makes the key of one bucket that of another. */
export function setBucket(key: Buffer, bucket: number): void {
  key.writeUInt32BE(bucket, 7);
}

export function isBucketKey(key: Uint8Array): boolean {
  return key[0] === BUCKET;
}

/** The key of a scope's mark, or of a floor. */
export function isMarkKey(key: Uint8Array): boolean {
  return key[0] === MARK || isFloorKey(key);
}

export function isFloorKey(key: Uint8Array): boolean {
  return key[0] === FLOOR;
}

/** Everything that belongs to a generation: its buckets, and the tables of issuers. */
export function contentsOf(generation: number): readonly KeyRange[] {
  return [BUCKET, ISSUER_TABLE].map((kind) => ({
    start: generationKey(kind, generation),
    end: generationKey(kind, generation + 1),
  }));
}

/** The first bucket of a generation is there whatever the CRL lists. */
export const ALL_BUCKETS = rangeOf(BUCKET);

export const pendingKey = (generation: number): Buffer => generationKey(PENDING, generation);
export const ALL_PENDING = rangeOf(PENDING);
export const garbageKey = (generation: number): Buffer => generationKey(GARBAGE, generation);
export const ALL_GARBAGE = rangeOf(GARBAGE);

/** The generation in a key that has one. */
export function generationOf(key: Uint8Array): number {
  return Buffer.from(key).readUIntBE(1, 6);
}

export const markKey = (crl: Uint8Array): Buffer => Buffer.concat([Buffer.of(MARK), crl]);
export const ALL_MARKS = rangeOf(MARK);
export const useKey = (crl: Uint8Array): Buffer => Buffer.concat([Buffer.of(USE), crl]);
export const ALL_USES = rangeOf(USE);
export const floorKey = (signer: Uint8Array): Buffer => Buffer.concat([Buffer.of(FLOOR), signer]);
export const ALL_FLOORS = rangeOf(FLOOR);
export const urlKey = (url: string): Buffer => Buffer.concat([Buffer.of(URL_RECORD), digest(url)]);
export const ALL_URLS = rangeOf(URL_RECORD);
export const leaseKey = (name: string): Buffer => Buffer.concat([Buffer.of(LEASE), digest(name)]);
export const ALL_LEASES = rangeOf(LEASE);

/** The CRL's part of a key that ends with it. */
export function crlOf(key: Uint8Array): Buffer {
  return Buffer.from(key.subarray(key.length - 32));
}

function withKind(kind: number, key: Uint8Array): Buffer {
  const other = Buffer.from(key);
  other[0] = kind;
  return other;
}

function generationKey(kind: number, generation: number): Buffer {
  const key = Buffer.alloc(7);
  key[0] = kind;
  key.writeUIntBE(generation, 1, 6);
  return key;
}

function pieceKey(kind: number, generation: number, piece: number): Buffer {
  const key = Buffer.alloc(11);
  generationKey(kind, generation).copy(key);
  key.writeUInt32BE(piece, 7);
  return key;
}

export function rangeOfKey(key: Buffer): KeyRange {
  return { start: key, end: Buffer.concat([key, Buffer.of(0)]) };
}

function rangeOf(kind: number): KeyRange {
  return { start: Buffer.of(kind), end: Buffer.of(kind + 1) };
}

export function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
