import { hash } from 'node:crypto';
import { isIssued } from '../../verify/revocation/crl-freshness.js';
import { isNewer } from '../../verify/revocation/crl-order.js';
import { sameBytes } from '../../x509/same-bytes.js';
import { compareAge } from './newer.js';
import { contentOf, isSettledBy, latestOf, type Mark, type ScopeMark } from './notes/marks.js';
import { crlOfHead, type Head } from './records/records.js';

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

/** The decision about a CRL. */
export type Place =
  | { readonly kind: 'older'; readonly by: HeldCrl | undefined }
  | { readonly kind: 'present'; readonly held: HeldCrl }
  /** It cannot be ordered, and there are as many of its scope as are kept: it is not, and the scope is disputed. */
  | { readonly kind: 'tooMany'; readonly disputed: Mark }
  | {
      readonly kind: 'new';
      readonly key: Buffer;
      /** It is newer than these. */
      readonly replaces: readonly HeldCrl[];
      /** These stay. */
      readonly beside: readonly HeldCrl[];
      /** See `ScopeMark`. */
      readonly disputed: Mark | undefined;
    };

/** CRLs of one scope that are kept beside each other where they cannot be ordered. */
const MAX_HELD = 8;

/** A CRL that was issued at a time to come was taken by a clock that was ahead: any that is issued now is newer. */
const BEFORE_ALL: Mark = { thisUpdate: -Infinity, number: null };

/** Throws STORE_ODD. @param now ms since 1970 */
export function heldCrl(key: Buffer, head: Head, now: number): HeldCrl {
  const { thisUpdate, number } = crlOfHead(head);
  return { key, head, mark: isIssued(thisUpdate, { now }) ? { thisUpdate, number } : BEFORE_ALL };
}

/**
 * @param key of the scope
 * @param mark of the newest CRL that the scope ever had
 */
export function placeOf(
  key: Buffer,
  crl: Pick<HeldCrl, 'mark'> & { readonly header: Uint8Array },
  held: readonly HeldCrl[],
  mark: ScopeMark | undefined,
): Place {
  const present = held.find(({ head }) => isSame(head.header, crl.header));
  if (present !== undefined) return { kind: 'present', held: present };
  const newer = held.find((one) => isNewer(one.mark, crl.mark));
  if (newer !== undefined || isBehind(crl.mark, held, mark)) return { kind: 'older', by: newer ?? held[0] };
  const replaces = held.filter((one) => isNewer(crl.mark, one.mark));
  const beside = held.filter((one) => !replaces.includes(one));
  const disputes = disputesAfter(crl, held, mark);
  if (beside.length >= MAX_HELD)
    return { kind: 'tooMany', disputed: latestOf([...disputes, crl.mark]) ?? crl.mark };
  const isTaken = beside.some((one) => one.key.equals(key));
  const own = isTaken ? keyBeside(key, crl.header) : key;
  return { kind: 'new', key: own, replaces, beside, disputed: latestOf(disputes) };
}

/** CRLs that are not here any more, and that this one does not take the place of beyond doubt. */
function disputesAfter(
  crl: Pick<HeldCrl, 'mark'> & { readonly header: Uint8Array },
  held: readonly HeldCrl[],
  mark: ScopeMark | undefined,
): readonly Mark[] {
  if (mark === undefined) return [];
  const { disputed } = mark;
  const disputes = disputed === undefined || isSettledBy(crl.mark, disputed) ? [] : [disputed];
  const isGone = ![crl.header, ...held.map(({ head }) => head.header)].some((one) => isOfMark(one, mark));
  const isAnother = mark.content !== undefined || compareAge(crl.mark, mark) !== 'same';
  return isGone && isAnother && !isNewer(crl.mark, mark) ? [...disputes, mark] : disputes;
}

function isOfMark(header: Uint8Array, { content }: ScopeMark): boolean {
  return content !== undefined && contentOf(header) === content;
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
