import { codeOf } from '../../errors.js';
import { decode } from '../../wire/codec.js';
import {
  ALL_BUCKETS,
  ALL_GARBAGE,
  ALL_HEADS,
  ALL_PENDING,
  ALL_URLS,
  bucketKey,
  contentsOf,
  crlOf,
  garbageKey,
  generationOf,
  pendingKey,
  useKey,
} from './keys.js';
import { derGenerations, removeDer } from './der-files.js';
import { numberOf } from './numbers.js';
import { leftAloneUntil, pastTime } from './past-times.js';
import { type Head, readHead, readUrlRecord } from './records.js';
import type { StoreWriter } from './store-writer.js';

/** A CRL that is still being written after so long is no longer waited for, ms. */
const MAX_PENDING = 10 * 60_000;
/** Buckets deleted in one transaction. */
const SLICE = 512;
/** URLs remembered; beyond it those go whose last word is the oldest. */
const MAX_URLS = 20_000;

/** Whatever dead or slow writers have left, and superseded CRLs: deleted piece by piece, so that nobody waits long. */
export async function sweep(writer: StoreWriter, now: number): Promise<void> {
  const { environment } = writer;
  environment.renew();
  const left = environment
    .entries(ALL_PENDING)
    .filter(({ value }) => isLeft(value, now))
    .map(({ key }) => generationOf(key));
  for (const generation of left) await writer.abandon(generation);
  environment.renew();
  for (const key of environment.keys(ALL_GARBAGE)) await deleteGeneration(writer, generationOf(key));
}

/** At start: buckets and files that no record speaks of any more. */
export async function sweepStrays(writer: StoreWriter): Promise<void> {
  const { environment } = writer;
  // First: of a file that another process makes meanwhile there is a record before there is the file.
  const files = derGenerations(environment.path);
  environment.renew();
  const known = new Set([
    ...environment.entries(ALL_HEADS).map(({ value }) => readHead(value).generation),
    ...[ALL_PENDING, ALL_GARBAGE].flatMap((range) => environment.keys(range).map(generationOf)),
  ]);
  const strays: number[] = [];
  for (let from = 0; ;) {
    const [first] = environment.keys({ start: bucketKey(from, 0), end: ALL_BUCKETS.end }, 1);
    if (first === undefined) break;
    const generation = generationOf(first);
    if (!known.has(generation)) strays.push(generation);
    from = generation + 1;
  }
  strays.push(...files.filter((generation) => !known.has(generation)));
  if (strays.length > 0) await writer.discard(strays);
}

/** Takes out the least recently used CRLs while they take more than `maxBytes`; says which. */
export async function evict(
  writer: StoreWriter,
  maxBytes: number,
  spared: Buffer,
  now: number,
): Promise<readonly Head[]> {
  const { environment } = writer;
  environment.renew();
  const heads = environment.entries(ALL_HEADS).map(({ key, value }) => {
    const head = readHead(value);
    return { key, head, usedAt: pastTime(numberOf(environment.get(useKey(crlOf(key)))), now) };
  });
  let excess = heads.reduce((sum, { head }) => sum + head.bytes, 0) - maxBytes;
  const evicted: typeof heads = [];
  for (const entry of heads.toSorted((a, b) => compare(a.usedAt, b.usedAt))) {
    if (excess <= 0) break;
    if (crlOf(entry.key).equals(spared)) continue;
    excess -= entry.head.bytes;
    evicted.push(entry);
  }
  if (evicted.length > 0) await writer.remove(evicted.map(({ key }) => key));
  return evicted.map(({ head }) => head);
}

/** Forgets URLs that have not been heard of for longest. */
export async function forgetUrls(writer: StoreWriter, now: number): Promise<void> {
  const { environment } = writer;
  environment.renew();
  if (environment.keys(ALL_URLS).length <= MAX_URLS) return;
  const oldest = environment
    .entries(ALL_URLS)
    .map(({ key, value }) => {
      const record = readUrlRecord(value);
      return { key, heardAt: Math.max(0, pastTime(record.fetchedAt, now), leftAloneUntil(record, now)) };
    })
    .toSorted((a, b) => a.heardAt - b.heardAt)
    .slice(0, MAX_URLS / 10);
  await environment.transaction(() => {
    for (const { key } of oldest) environment.remove(key);
  });
}

async function deleteGeneration({ environment }: StoreWriter, generation: number): Promise<void> {
  for (const range of contentsOf(generation)) {
    for (;;) {
      const keys = environment.keys(range, SLICE);
      if (keys.length === 0) break;
      await environment.transaction(() => {
        for (const key of keys) environment.remove(key);
      });
      environment.renew();
    }
  }
  removeDer(environment.path, generation);
  await environment.transaction(() => {
    // Late buckets of a writer that was stopped for long are strays then.
    environment.remove(garbageKey(generation));
    environment.remove(pendingKey(generation));
  });
}

/** Of times, -Infinity among them. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Its writer is gone, or has had long enough. */
function isLeft(value: Uint8Array, now: number): boolean {
  const record = decode(value);
  if (typeof record !== 'object' || record === null || !('pid' in record) || !('since' in record))
    return true;
  const { pid, since } = record;
  if (typeof pid !== 'number' || typeof since !== 'number') return true;
  return Math.abs(now - since) > MAX_PENDING || !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM';
  }
}
