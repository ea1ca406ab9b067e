import { ALL_HEADS, crlOf, useKey } from './records/keys.js';
import { quietly } from './notes/note-writer.js';
import { numberOf } from './records/numbers.js';
import { pastTime } from './records/past-times.js';
import { type Head, readHead, scopeOfHead } from './records/records.js';
import type { EvictedScope, StoredHead, StoreWriter } from './store-writer.js';

/** The size of a CRL's records besides its head's octets: two more keys and seals, and their share of LMDB's pages. */
const RECORDS = 128;

/**
 * Takes out the least recently used CRLs while they take more than `maxBytes`, all CRLs of a scope that cannot be
 * ordered together; says which.
 */
export async function evict(
  writer: StoreWriter,
  maxBytes: number,
  spared: Buffer,
  now: number,
): Promise<readonly Head[]> {
  const { environment } = writer;
  environment.renew();
  const scopes = new Map<string, { heads: StoredHead[]; usedAt: number; bytes: number; isSpared: boolean }>();
  let excess = -maxBytes;
  for (const { key, value } of environment.entries(ALL_HEADS)) {
    const head = readHead(value);
    const name = scopeOfHead(key, head).toString('hex');
    const scope = scopes.get(name) ?? { heads: [], usedAt: -Infinity, bytes: 0, isSpared: false };
    scopes.set(name, scope);
    const used = quietly(() => numberOf(environment.get(useKey(crlOf(key)))));
    const bytes = head.bytes + value.length + RECORDS;
    scope.heads.push({ key, head });
    scope.usedAt = Math.max(scope.usedAt, pastTime(used ?? 0, now));
    scope.bytes += bytes;
    scope.isSpared ||= crlOf(key).equals(spared);
    excess += bytes;
  }
  const evicted: EvictedScope[] = [];
  for (const { heads, bytes, isSpared } of [...scopes.values()].toSorted((a, b) =>
    compare(a.usedAt, b.usedAt),
  )) {
    if (excess <= 0) break;
    if (isSpared) continue;
    excess -= bytes;
    evicted.push({ heads });
  }
  if (evicted.length > 0) await writer.evict(evicted);
  return evicted.flatMap(({ heads }) => heads.map(({ head }) => head));
}

/** Compares times, which may be -Infinity. */
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
