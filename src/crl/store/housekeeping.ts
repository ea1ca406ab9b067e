import { codeOf } from '../../errors.js';
import {
  ALL_BUCKETS,
  ALL_GARBAGE,
  ALL_HEADS,
  ALL_PENDING,
  bucketKey,
  contentsOf,
  garbageKey,
  generationOf,
  pendingKey,
} from './records/keys.js';
import { derGenerations, removeDer } from './der-files.js';
import { quietly } from './notes/note-writer.js';
import { readHead, readPending } from './records/records.js';
import type { StoreWriter } from './store-writer.js';

/** ms after which an unfinished CRL counts as abandoned. */
const MAX_PENDING = 10 * 60_000;
/** Buckets deleted in one transaction. */
const SLICE = 512;

/** Deletes remains of dead or slow writers, and superseded CRLs, piece by piece, so that others do not wait long. */
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

/** Its writer is gone, or has had long enough. */
function isLeft(value: Uint8Array, now: number): boolean {
  const pending = quietly(() => readPending(value));
  return pending === undefined || Math.abs(now - pending.since) > MAX_PENDING || !isAlive(pending.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
