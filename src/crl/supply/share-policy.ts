import { compareAge } from '../store/newer.js';
import { pastTime } from '../store/past-times.js';
import type { PublishedCrl, SharedCrl } from './share.js';

/** What tells one CRL of a URL from another. */
type CrlIdentity = Pick<PublishedCrl, 'thisUpdate' | 'number' | 'signatureHash'>;

export interface Standing {
  /** What this host has from the URL. */
  readonly have: CrlIdentity | undefined;
  /** ms: what its server said from then on is new enough. */
  readonly since: number;
  /** ms: `crl.refresh` */
  readonly refresh: number;
  /** ms since 1970. */
  readonly now: number;
}

/** A host whose clock goes before ours by no more than so many ms is taken to speak of now. */
const SKEW = 5000;

/**
 * What to do about a CRL that another host got: `take` it; `same`: it is what this host has, and new enough for it not
 * to ask the server; `nothing`: it helps nobody here.
 */
export function judge(
  offer: SharedCrl,
  { have, since, refresh, now }: Standing,
): 'take' | 'same' | 'nothing' {
  const { answeredAt, nextUpdate, body } = offer;
  const age = now - answeredAt;
  const isOver = nextUpdate !== null && nextUpdate <= now;
  if (age < -SKEW || isOver) return 'nothing';
  const isWanted = have === undefined ? age <= refresh : mayAdd(offer, have);
  if (isWanted) return body === null ? 'nothing' : 'take';
  // Older than half an interval it would put off this host's own question too little.
  const isAnswer = answeredAt >= since && age <= refresh / 2;
  return have !== undefined && isSameCrl(offer, have) && isAnswer ? 'same' : 'nothing';
}

/** One that is newer, or is another of the same time and number: then a revocation counts that either lists. */
function mayAdd(offer: CrlIdentity, have: CrlIdentity): boolean {
  const age = compareAge(offer, have);
  return age === 'same' ? !isSameCrl(offer, have) : age !== 'older';
}

/** By what is said of them. */
export function isSameCrl(a: CrlIdentity, b: CrlIdentity): boolean {
  return compareAge(a, b) === 'same' && a.signatureHash === b.signatureHash;
}

/** Refreshes for which a host leaves it to others to ask a URL's server; then it asks itself. */
const HEARSAY = 4;

/** Has nobody of this host asked the URL's server for so long that others' word no longer will do? */
export function isOverdueHere(
  hearsay: { readonly since: number } | undefined,
  refresh: number,
  now: number,
): boolean {
  return hearsay !== undefined && now - pastTime(hearsay.since, now) >= HEARSAY * refresh;
}
