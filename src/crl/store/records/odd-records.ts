import { codeOf, messageOf } from '../../../errors.js';
import { sweepStrays } from '../housekeeping.js';
import {
  ALL_FLOORS,
  ALL_HEADS,
  ALL_LEASES,
  ALL_MARKS,
  ALL_PENDING,
  ALL_URLS,
  ALL_USES,
  crlOf,
  EPOCH_KEY,
  type KeyRange,
  markKey,
  rangeOfKey,
  unclearKey,
} from './keys.js';
import { readMark } from '../notes/marks.js';
import { numberOf } from './numbers.js';
import {
  crlOfHead,
  type Head,
  readHead,
  readLease,
  readPending,
  readUrlRecord,
  scopeOfHead,
} from './records.js';
import type { StoredHead, StoreWriter } from '../store-writer.js';

/** How the records of each kind are read, but for heads. */
const READERS: readonly (readonly [KeyRange, (bytes: Uint8Array) => unknown])[] = [
  [rangeOfKey(EPOCH_KEY), numberOf],
  [ALL_MARKS, readMark],
  [ALL_FLOORS, readMark],
  [ALL_USES, numberOf],
  [ALL_URLS, readUrlRecord],
  [ALL_LEASES, readLease],
  [ALL_PENDING, readPending],
];

/**
 * Records that are whole, by their seals, and are not what this program writes: each goes by itself, and of CRLs those
 * of the same issuer go with it, for what it listed is not known. Reports how many. Throws STORE_DAMAGED where a seal is
 * broken.
 */
export async function dropOdd(writer: StoreWriter, report: (message: string) => void): Promise<void> {
  const { environment } = writer;
  environment.renew();
  const reasons: string[] = [];
  const odd = READERS.flatMap(([range, read]) =>
    environment.entries(range).flatMap(({ key, value }) => {
      const reason = oddity(() => read(value));
      if (reason !== undefined) reasons.push(reason);
      return reason === undefined ? [] : [key];
    }),
  );
  const heads = await dropOddHeads(writer, reasons);
  if (odd.length + heads.length > 0) await writer.replaceOdd([...odd, ...heads]);
  if (heads.length > 0) await sweepStrays(writer);
  const [first] = reasons;
  if (first !== undefined) report(`${first}; it goes (${reasons.length} such records)`);
}

/** The keys of odd heads, after the sound CRLs of their issuers went as evicted ones do. */
async function dropOddHeads(writer: StoreWriter, reasons: string[]): Promise<readonly Buffer[]> {
  const { environment } = writer;
  const all = environment.entries(ALL_HEADS).map(({ key, value }): OddHead => {
    let head: Head | undefined;
    const reason = oddity(() => {
      head = readHead(value);
      crlOfHead(head);
    });
    return reason === undefined && head !== undefined ? { key, head } : { key, reason };
  });
  // Records of an older release lack this note.
  const unclear = all.filter((one) => 'head' in one && !crlOfHead(one.head).issuer.isComparable);
  const unnoted = unclear.filter(({ key }) => environment.get(unclearKey(key)) === undefined);
  if (unnoted.length > 0) await writer.noteUnclear(unnoted.map(({ key }) => key));
  const odd = all.flatMap((one) => ('reason' in one ? [one] : []));
  for (const { reason } of odd) reasons.push(reason ?? '');
  const issuers = new Set(odd.map(({ key }) => issuerOf(key)));
  const scopes = new Map<string, StoredHead[]>();
  for (const one of all) {
    if ('reason' in one || !issuers.has(issuerOf(one.key))) continue;
    const scope = scopeOfHead(one.key, one.head).toString('hex');
    const known = scopes.get(scope);
    if (known === undefined) scopes.set(scope, [one]);
    else known.push(one);
  }
  const oddScopes = new Set(odd.map(({ key }) => crlOf(key).toString('hex')));
  // One without a mark of its own stood beside another: of which scope is not known.
  const isLoose = odd.some(({ key }) => environment.get(markKey(crlOf(key))) === undefined);
  const disputed = (scope: string): boolean => isLoose || oddScopes.has(scope);
  if (scopes.size > 0)
    await writer.evict([...scopes].map(([scope, heads]) => ({ heads, isDisputed: disputed(scope) })));
  return odd.map(({ key }) => key);
}

type OddHead = StoredHead | { readonly key: Buffer; readonly reason: string | undefined };

function issuerOf(key: Buffer): string {
  return key.toString('hex', 0, 33);
}

function oddity(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'STORE_ODD') throw error;
    return messageOf(error);
  }
}
