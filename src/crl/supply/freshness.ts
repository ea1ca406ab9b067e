export interface Age {
  /** ms since 1970: when the CRL's source last answered. */
  readonly fetchedAt: number;
  /** ms */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
}

/** The share of its lifetime before a CRL's nextUpdate in which the next one is asked for. */
const MARGIN = 0.1;
/** A CRL whose successor is overdue is asked for no more often than this, ms. */
const OVERDUE = 60_000;
/** The share of the wait that chance takes off, so that many processes and hosts do not come at once. */
const JITTER = 0.1;

/**
 * When a CRL in use is asked for again, ms since 1970: at the earlier of nextUpdate less a margin and `refresh` ms
 * after its source last answered. `random` lies in [0, 1).
 */
export function refreshAt(
  { fetchedAt, thisUpdate, nextUpdate }: Age,
  refresh: number,
  random: number,
): number {
  const regular = fetchedAt + refresh;
  if (nextUpdate === null) return early(fetchedAt, regular, random);
  const margin = Math.min(refresh, (nextUpdate - thisUpdate) * MARGIN);
  const soonest = fetchedAt + Math.min(refresh, OVERDUE);
  return early(fetchedAt, Math.max(soonest, Math.min(regular, nextUpdate - margin)), random);
}

function early(from: number, due: number, random: number): number {
  return Math.round(due - (due - from) * JITTER * random);
}
