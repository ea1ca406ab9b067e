import { hash } from 'node:crypto';
import { isIssued } from '../../verify/crl-freshness.js';
import { isNewer } from '../../verify/crl-order.js';
import { parseCrl } from '../../x509/crl.js';
import { sameBytes } from '../../x509/same-bytes.js';
import { compareAge } from './newer.js';
import type { Head, Mark } from './records.js';

/**
 * A CRL of one scope (see verify/crl-order.ts) that the store has. There is one of a scope, unless the CA issued
 * several that cannot be ordered: then they stand beside each other, for what either lists is revoked.
 */
export interface HeldCrl {
  /** The first has the scope's own key, each further one a key of its own. */
  readonly key: Buffer;
  readonly head: Head;
  readonly mark: Mark;
}

/** What becomes of a CRL. */
export type Place =
  | { readonly kind: 'older'; readonly by: HeldCrl | undefined }
  | { readonly kind: 'present'; readonly held: HeldCrl }
  | {
      readonly kind: 'new';
      readonly key: Buffer;
      /** It is newer than these, or there is no room for them. */
      readonly replaces: readonly HeldCrl[];
      /** These stay. */
      readonly beside: readonly HeldCrl[];
    };

/** CRLs of one scope that cannot be ordered. Of more than these, those that list the most are kept. */
const MAX_HELD = 8;

/** A CRL that was issued at a time to come was taken by a clock that was ahead: any that is issued now is newer. */
const BEFORE_ALL: Mark = { thisUpdate: -Infinity, number: null };

/** @param now ms since 1970 */
export function heldCrl(key: Buffer, head: Head, now: number): HeldCrl {
  const { thisUpdate, number } = parseCrl(head.header);
  return { key, head, mark: isIssued(thisUpdate, { now }) ? { thisUpdate, number } : BEFORE_ALL };
}

/**
 * @param key of the scope
 * @param mark of the newest CRL that the scope ever had
 */
export function placeOf(
  key: Buffer,
  crl: Pick<HeldCrl, 'mark'> & { readonly header: Uint8Array; readonly entries: number },
  held: readonly HeldCrl[],
  mark: Mark | undefined,
): Place {
  const present = held.find(({ head }) => isSame(head.header, crl.header));
  if (present !== undefined) return { kind: 'present', held: present };
  const newer = held.find((one) => isNewer(one.mark, crl.mark));
  if (newer !== undefined || isBehind(crl.mark, held, mark)) return { kind: 'older', by: newer ?? held[0] };
  const replaces = held.filter((one) => isNewer(crl.mark, one.mark));
  const beside = held.filter((one) => !replaces.includes(one));
  if (beside.length >= MAX_HELD) {
    const least = beside.toSorted((a, b) => a.head.entries - b.head.entries)[0];
    if (least === undefined || least.head.entries > crl.entries) return { kind: 'older', by: least };
    replaces.push(least);
    beside.splice(beside.indexOf(least), 1);
  }
  const isTaken = beside.some((one) => one.key.equals(key));
  return { kind: 'new', key: isTaken ? keyBeside(key, crl.header) : key, replaces, beside };
}

/** Older than the newest there ever was, or perhaps older while that one is not here. */
function isBehind(crl: Mark, held: readonly HeldCrl[], mark: Mark | undefined): boolean {
  if (mark === undefined) return false;
  if (isNewer(mark, crl)) return true;
  return compareAge(crl, mark) === 'older' && !held.some((one) => compareAge(one.mark, mark) === 'same');
}

/** The header has the signature, which was made of the whole. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return sameBytes(a, 0, a.length, b, 0, b.length);
}

function keyBeside(key: Buffer, header: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([key, hash('sha256', header, 'buffer')]), 'buffer');
}
