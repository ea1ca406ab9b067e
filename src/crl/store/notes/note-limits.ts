import {
  ALL_FLOORS,
  ALL_HEADS,
  ALL_LEASES,
  ALL_MARKS,
  ALL_URLS,
  ALL_USES,
  crlOf,
  floorKey,
  type KeyRange,
} from '../records/keys.js';
import { ALL_SIGNERS } from './mark-keeper.js';
import { readMark } from './marks.js';
import { quietly } from './note-writer.js';
import { leftAloneUntil, pastTime } from '../records/past-times.js';
import { readHead, readLease, readUrlRecord, scopeOfHead } from '../records/records.js';
import type { StoreWriter } from '../store-writer.js';

/** The size of a record besides its key and value: its seal, and its share of LMDB's pages. */
const RECORD = 32;
/** The shares of the store's size for records of URLs and for marks; the rest is for CRLs. */
const URLS_SHARE = 1 / 8;
const MARKS_SHARE = 1 / 8;
/** When a share is exceeded it is reduced to this part at once, so that it is not done for each record. */
const BROUGHT_DOWN = 0.9;
const MAX_URLS = 20_000;

/** `detail`: what differs from one time to another. */
type Report = (message: string, detail: string) => void;

/**
 * Holds what is noted beside the CRLs to its shares of `maxBytes`, and says what it takes then. URLs go whose last
 * word is the oldest: they are asked again sooner, and told no validators. Marks of CRLs that are there do not go;
 * others last, those of the signer that has the most first, and never without a floor in their place.
 */
export async function boundNotes(
  writer: StoreWriter,
  maxBytes: number,
  now: number,
  report: Report,
): Promise<number> {
  const { environment } = writer;
  environment.renew();
  await dropStale(writer, now);
  const urls = await boundUrls(writer, maxBytes * URLS_SHARE, now);
  const marks = await boundMarks(writer, maxBytes * MARKS_SHARE, report);
  writer.compactJournal();
  return urls + marks;
}

async function boundUrls(writer: StoreWriter, most: number, now: number): Promise<number> {
  const urls = sized(writer, ALL_URLS);
  const total = sumOf(urls);
  if (total <= most && urls.length <= MAX_URLS) return total;
  const byAge = urls
    .map(({ key, value, bytes }) => {
      const record = quietly(() => readUrlRecord(value));
      const heardAt = record && Math.max(0, pastTime(record.fetchedAt, now), leftAloneUntil(record, now));
      return { key, bytes, heardAt: heardAt ?? -1 };
    })
    .toSorted((a, b) => a.heardAt - b.heardAt);
  let [left, count] = [total, urls.length];
  const gone: Buffer[] = [];
  for (const { key, bytes } of byAge) {
    if (left <= most * BROUGHT_DOWN && count <= MAX_URLS * BROUGHT_DOWN) break;
    left -= bytes;
    count--;
    gone.push(key);
  }
  await writer.drop(gone);
  return left;
}

async function boundMarks(writer: StoreWriter, most: number, report: Report): Promise<number> {
  const { environment } = writer;
  const total = sumOf(sized(writer, ALL_MARKS)) + sumOf(sized(writer, ALL_FLOORS));
  if (total <= most) return total;
  const held = new Set(
    environment.entries(ALL_HEADS).map(({ key, value }) => scopeOfHead(key, readHead(value)).toString('hex')),
  );
  const bySigner = new Map<string, { key: Buffer; bytes: number; thisUpdate: number }[]>();
  for (const { key, value, bytes } of sized(writer, ALL_MARKS)) {
    const mark = quietly(() => readMark(value));
    if (mark === undefined || held.has(crlOf(key).toString('hex'))) continue;
    const signer = mark.signerId ?? ALL_SIGNERS.toString('hex');
    const of = bySigner.get(signer) ?? [];
    bySigner.set(signer, of);
    of.push({ key, bytes, thisUpdate: mark.thisUpdate });
  }
  let left = total;
  for (const [signer, marks] of [...bySigner].toSorted(([, a], [, b]) => b.length - a.length)) {
    if (left <= most * BROUGHT_DOWN || marks.length < 2) break;
    await writer.raiseFloor(
      floorKey(Buffer.from(signer, 'hex')),
      marks.map(({ key }) => key),
    );
    report(
      'marks of a key were given up for crl.maxStoreSize: of their scopes only newer CRLs than all of these are taken',
      `${marks.length} CRLs that the key ${signer.slice(0, 16)} signed`,
    );
    left -= sumOf(marks);
    environment.renew();
  }
  return left <= most ? left : boundSigners(writer, most, held, report);
}

/** If each signer has few: the oldest of all are dropped, in favour of the floor for every signer. */
async function boundSigners(
  writer: StoreWriter,
  most: number,
  held: ReadonlySet<string>,
  report: Report,
): Promise<number> {
  const all = [...sized(writer, ALL_MARKS), ...sized(writer, ALL_FLOORS)];
  const free = all.flatMap(({ key, value, bytes }) => {
    const mark = quietly(() => readMark(value));
    const isKept =
      mark === undefined || held.has(crlOf(key).toString('hex')) || crlOf(key).equals(ALL_SIGNERS);
    return isKept ? [] : [{ key, bytes, thisUpdate: mark.thisUpdate }];
  });
  let left = sumOf(all);
  const gone: typeof free = [];
  for (const one of free.toSorted((a, b) => a.thisUpdate - b.thisUpdate)) {
    if (left <= most * BROUGHT_DOWN) break;
    left -= one.bytes;
    gone.push(one);
  }
  const latest = gone.at(-1);
  if (latest === undefined) return left;
  await writer.raiseFloor(
    floorKey(ALL_SIGNERS),
    gone.map(({ key }) => key),
  );
  report(
    'marks were given up for crl.maxStoreSize: of scopes that the store does not know only newer CRLs than these are taken',
    `${gone.length} CRLs, the last of ${new Date(latest.thisUpdate).toISOString()}`,
  );
  return left;
}

/** Leases that ended long ago, and notes of use without a CRL, which crashes have left. */
async function dropStale(writer: StoreWriter, now: number): Promise<void> {
  const { environment } = writer;
  const leases = environment.entries(ALL_LEASES).filter(({ value }) => {
    const lease = quietly(() => readLease(value));
    return lease === undefined || lease.until < now || pastTime(lease.since, now) === -Infinity;
  });
  const uses = environment.keys(ALL_USES);
  const heads = environment.keys(ALL_HEADS);
  const known =
    uses.length > heads.length ? new Set(heads.map((key) => crlOf(key).toString('hex'))) : undefined;
  const stray = known === undefined ? [] : uses.filter((key) => !known.has(crlOf(key).toString('hex')));
  const gone = [...leases.map(({ key }) => key), ...stray];
  if (gone.length > 0) await writer.drop(gone);
  environment.renew();
}

function sized({ environment }: StoreWriter, range: KeyRange) {
  return environment
    .entries(range)
    .map(({ key, value }) => ({ key, value, bytes: key.length + value.length + RECORD }));
}

function sumOf(records: readonly { readonly bytes: number }[]): number {
  return records.reduce((sum, { bytes }) => sum + bytes, 0);
}
