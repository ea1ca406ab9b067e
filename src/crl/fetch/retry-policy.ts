export interface RetryLimits {
  /** ms after the first failure. */
  readonly base: number;
  /** ms after however many. */
  readonly most: number;
}

export interface Failures {
  /** In a row, this one included. */
  readonly count: number;
  /** ms since 1970 of the last. */
  readonly at: number;
  /** ms that the server asked for. */
  readonly retryAfter?: number | undefined;
}

/** Beyond this a server's wish is a mistake or a trap: the CRL would never be asked for again. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * When a URL that failed may be asked for again, in ms since 1970: the wait doubles with each failure up to `most`,
 * and up to a quarter is taken off by chance, so that many hosts do not come back at the same moment. What the
 * server asks for (Retry-After) is the least. `random` lies in [0, 1).
 */
export function retryAt(
  { count, at, retryAfter = 0 }: Failures,
  limits: RetryLimits,
  random: number,
): number {
  const doubled = limits.base * 2 ** Math.min(30, Math.max(0, count - 1));
  const wait = Math.min(limits.most, doubled) * (1 - random / 4);
  return at + Math.round(Math.max(wait, Math.min(retryAfter, MAX_RETRY_AFTER_MS)));
}
