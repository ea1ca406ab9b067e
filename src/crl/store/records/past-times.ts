import type { UrlRecord } from '../../../wire/ingest.js';

/** Processes of a host differ in their time by no more than the clock was set meanwhile, ms. */
export const SKEW = 1000;

/**
 * A time that was noted, ms since 1970, as it counts now; -Infinity for one that is still to come: a clock that was
 * ahead wrote it, and what it says of then is not known.
 */
export function pastTime(noted: number | null | undefined, now: number): number {
  return noted === null || noted === undefined || noted > now + SKEW ? -Infinity : noted;
}

/** Until when a URL is left alone for its failures, ms since 1970; -Infinity: it is not. */
export function leftAloneUntil({ failures, failedAt, retryAt }: UrlRecord, now: number): number {
  return failures > 0 && pastTime(failedAt, now) > -Infinity && retryAt > now ? retryAt : -Infinity;
}
