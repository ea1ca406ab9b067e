import type { CrlFacts } from '../../x509/crl.js';
import { VerifyError } from '../failure.js';
import { isoTime } from '../verdict.js';

interface Clock {
  readonly now: number;
  readonly at: number | undefined;
  readonly grace: number;
  readonly maxAge: number | null;
}

/** The times of a CRL or an OCSP response, ms. */
type Dated = Pick<CrlFacts, 'thisUpdate' | 'nextUpdate'>;

/** How far another host's clock may be ahead, ms. */
const CLOCK_TOLERANCE = 5 * 60_000;

/** Is this time (ms) past, but for the tolerance? */
export function isIssued(time: number, { now }: Pick<Clock, 'now'>): boolean {
  return time <= now + CLOCK_TOLERANCE;
}

/** §5.1.2.4: throws CRL_NOT_YET_VALID. */
export function checkIssued({ thisUpdate }: CrlFacts, clock: Pick<Clock, 'now'>): void {
  if (!isIssued(thisUpdate, clock)) {
    throw new VerifyError('CRL_NOT_YET_VALID', `the CRL is of ${isoTime(thisUpdate)}, which is yet to come`);
  }
}

/** Issued after the past instant asked for: such a CRL proves only revocations that were before it. */
export function isLater({ thisUpdate }: Dated, { at }: Clock): boolean {
  return at !== undefined && thisUpdate > at;
}

/** ms: until when the CRL serves; `undefined` when nothing says so. §5.1.2.5 */
export function endOfService({ thisUpdate, nextUpdate }: Dated, clock: Clock): number | undefined {
  if (nextUpdate === null && clock.maxAge === null) return undefined;
  const aged = clock.maxAge === null ? Infinity : thisUpdate + clock.maxAge;
  return Math.min(nextUpdate ?? Infinity, aged) + (clock.at === undefined ? clock.grace : 0);
}

/** Does the CRL serve at the instant in question? */
export function isCurrent(crl: Dated, clock: Clock): boolean {
  const end = endOfService(crl, clock);
  return end !== undefined && (clock.at ?? clock.now) < end && !isLater(crl, clock);
}

/** The CRL of this source is not current: why not. */
export function staleness(crl: CrlFacts, source: string, clock: Clock): VerifyError {
  const { at } = clock;
  if (at !== undefined && isLater(crl, clock)) {
    return unknownAt(
      at,
      `the CRL of ${isoTime(crl.thisUpdate)} (${source}) is later and proves only revocation`,
    );
  }
  const end = endOfService(crl, clock);
  if (end === undefined) {
    return new VerifyError('CRL_NO_NEXT_UPDATE', `the CRL (${source}) does not say when the next one is due`);
  }
  if (at !== undefined)
    return unknownAt(at, `the newest CRL before it (${source}) was due for renewal ${isoTime(end)}`);
  return new VerifyError('CRL_STALE', `the newest CRL (${source}) was due for renewal ${isoTime(end)}`);
}

function unknownAt(at: number, why: string): VerifyError {
  return new VerifyError('REVOCATION_AT_UNKNOWN', `at ${isoTime(at)} no CRL at hand was current: ${why}`);
}
