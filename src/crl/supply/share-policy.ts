import { compareAge } from '../store/newer.js';
import { pastTime } from '../store/records/past-times.js';
import type { Mark } from '../store/notes/marks.js';
import type { SharedCrl } from './share.js';

export interface LocalCopy {
  /** The CRL that this host has from the URL. */
  readonly have: (Mark & { readonly contents: readonly string[] }) | undefined;
  /** ms: what its server said from then on is new enough. */
  readonly since: number;
  /** ms: `crl.refresh` */
  readonly refresh: number;
  /** ms since 1970. */
  readonly now: number;
}

/** A host whose clock goes before ours by no more than so many ms is taken to speak of now. */
const CLOCK_SKEW_MS = 5000;

/**
 * What to do with a CRL of another host: `take` it; `same`: this host has the same, and it is new enough not to ask the
 * server; `nothing`: it is of no use here.
 */
export function judge(
  offer: SharedCrl,
  { have, since, refresh, now }: LocalCopy,
): 'take' | 'same' | 'nothing' {
  const { answeredAt, nextUpdate, body } = offer;
  const age = now - answeredAt;
  const isOver = nextUpdate !== null && nextUpdate <= now;
  if (age < -CLOCK_SKEW_MS || isOver) return 'nothing';
  const order = have === undefined ? undefined : compareAge(offer, have);
  // Two of one time and number that differ both count: what either lists is revoked.
  const isSame =
    order === 'same' && offer.content !== null && have?.contents.includes(offer.content) === true;
  const isOther = order === 'same' && !isSame && offer.content !== null;
  const isNewer = order === undefined ? age <= refresh : isOther || order.startsWith('newer');
  if (isNewer) return body === null ? 'nothing' : 'take';
  // Older than half an interval it would put off this host's own question too little.
  const isAnswer = answeredAt >= since && age <= refresh / 2;
  return isSame && isAnswer ? 'same' : 'nothing';
}

/** Refreshes for which a host leaves it to others to ask a URL's server; then it asks itself. */
const MAX_SECOND_HAND_REFRESHES = 4;

/** Whether this host has not asked the URL's server for so long that the answers of other hosts do not suffice. */
export function isOverdueHere(
  secondHand: { readonly since: number } | undefined,
  refresh: number,
  now: number,
): boolean {
  return (
    secondHand !== undefined && now - pastTime(secondHand.since, now) >= MAX_SECOND_HAND_REFRESHES * refresh
  );
}
