import { expect, test } from '@jest/globals';
import { BucketWriter } from '../../../src/crl/ingest/bucket-writer.js';
import { EntryIndex } from '../../../src/crl/ingest/entry-index.js';
import { countInBucket, findInBucket, sealOf, SLOTS, slotOf } from '../../../src/crl/store/bucket.js';
import { codeOf } from '../../../src/errors.js';
import { type CrlEntry, parseCrl } from '../../../src/x509/crl.js';
import { hashKey, keyedHash } from '../../../src/x509/keyed-hash.js';
import { type BigCrl, createBigCrl } from '../../pki/big-crl.js';
import { createRoot } from '../../pki/pki.js';

const HOUR = 3_600_000;
const GENERATION = 7;
const HASH = hashKey(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const root = createRoot({ subject: 'Buckets Root' });

function big(count: number): BigCrl {
  const [thisUpdate, nextUpdate] = [new Date(Date.now() - HOUR), new Date(Date.now() + HOUR)];
  return createBigCrl(root, { count, number: 1, thisUpdate, nextUpdate });
}

interface Made {
  readonly buckets: readonly Uint8Array[];
  readonly find: (serial: Uint8Array) => CrlEntry | undefined;
  readonly bucketOf: (serial: Uint8Array) => number;
}

function make({ der }: BigCrl, seal?: number): Made {
  const index = new EntryIndex(parseCrl(Uint8Array.from(der)), HASH, () => undefined);
  const writer = new BucketWriter(index, HASH, GENERATION);
  const buckets = Array.from({ length: writer.ranges }, (_, range) =>
    writer.write(range, new Int32Array(writer.room)),
  ).flat();
  const { octets, buckets: count } = index;
  expect(buckets.reduce((sum, { length }) => sum + length, 0)).toBe(octets);
  const seals = seal ?? sealOf(HASH, GENERATION, count);
  const slot = (serial: Uint8Array): number => slotOf(keyedHash(serial, 0, serial.length, 0, HASH), count);
  const bucketOf = (serial: Uint8Array): number => Math.floor(slot(serial) / SLOTS);
  const find = (serial: Uint8Array): CrlEntry | undefined =>
    findInBucket(read(buckets[bucketOf(serial)]!), slot(serial), seals, serial, 0);
  return { buckets, find, bucketOf };
}

const read = (bytes: Uint8Array): { view: DataView; length: number } => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
  length: bytes.length,
});

test('the entries of several ranges are all found as the parsed CRL has them, and nothing else is', () => {
  const crl = big(40_000);
  const parsed = parseCrl(crl.der);
  const { buckets, find } = make(crl);
  const seal = sealOf(HASH, GENERATION, buckets.length);
  expect(buckets.length).toBeGreaterThan(256);
  expect(buckets.reduce((sum, bucket, number) => sum + countInBucket(read(bucket), number, seal), 0)).toBe(
    crl.count,
  );
  const wrong = Array.from({ length: crl.count }, (_, index) => index).filter((index) => {
    const [found, wanted] = [find(crl.serial(index)), parsed.find(crl.serial(index), parsed.issuer)];
    const isSame = found?.date === wanted?.date && found?.reason === wanted?.reason;
    return !isSame || found === undefined || find(crl.absent(index)) !== undefined;
  });
  expect(wrong).toEqual([]);
});

test('whichever bit of a bucket is flipped, no certificate that is listed is called not listed', () => {
  const crl = big(100);
  const { buckets, find, bucketOf } = make(crl);
  const serials = Array.from({ length: crl.count }, (_, index) => crl.serial(index)).filter(
    (serial) => bucketOf(serial) === 0,
  );
  const [bucket] = buckets;
  if (bucket === undefined) throw new Error('there is no bucket');
  let refusals = 0;
  for (let bit = 0; bit < bucket.length * 8; bit += 5) {
    bucket[bit >> 3]! ^= 1 << (bit % 8);
    for (const serial of serials) {
      try {
        if (find(serial) === undefined) throw new Error(`bit ${bit} hides an entry`);
      } catch (error) {
        if (codeOf(error) !== 'STORE_DAMAGED') throw error;
        refusals++;
      }
    }
    bucket[bit >> 3]! ^= 1 << (bit % 8);
  }
  expect(refusals).toBeGreaterThan(bucket.length);
});

test('a bucket of another CRL, generation or place says nothing', () => {
  const crl = big(100);
  for (const seal of [sealOf(HASH, GENERATION + 1, 1), sealOf(HASH, GENERATION, 2)]) {
    const { find } = make(crl, seal);
    expect(() => find(crl.serial(0))).toThrow('broken');
    expect(() => find(crl.absent(0))).toThrow('broken');
  }
});
