import { contextConstructed, contextPrimitive, type DerReader, TAG } from './der.js';
import type { DistributionPoint, DistributionPointName, IssuingDistributionPoint } from './extensions.js';
import { readGeneralNames } from './general-name.js';
import { readImplicitRdn } from './name.js';
import { spendWork, WORK } from './work.js';
import { malformed } from './x509-error.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** §4.2.1.13 */
export function readCrlDistributionPoints(r: DerReader): readonly DistributionPoint[] {
  return readPoints(r, 'cRLDistributionPoints');
}

/** §4.2.1.15, §5.2.6 */
export function readFreshestCrl(r: DerReader): readonly DistributionPoint[] {
  return readPoints(r, 'freshestCRL');
}

function readPoints(r: DerReader, what: string): readonly DistributionPoint[] {
  const points: DistributionPoint[] = [];
  const outer = r.enterNonEmpty(TAG.sequence, what);
  while (!r.done) {
    spendWork(WORK.distributionPoint);
    points.push(readPoint(r, what));
  }
  r.leave(outer, what);
  return points;
}

/** "Either distributionPoint or cRLIssuer MUST be present." */
function readPoint(r: DerReader, what: string): DistributionPoint {
  const point: Mutable<DistributionPoint> = {};
  const outer = r.enter(TAG.sequence, what);
  if (r.peek() === contextConstructed(0)) point.name = readPointName(r, what);
  if (r.peek() === contextPrimitive(1)) point.reasons = r.namedBits(what, contextPrimitive(1));
  if (r.peek() === contextConstructed(2)) point.crlIssuer = readGeneralNames(r, what, contextConstructed(2));
  r.leave(outer, what);
  if (point.name === undefined && point.crlIssuer === undefined)
    throw malformed(`${what} has a point without name and issuer`);
  return point;
}

function readPointName(r: DerReader, what: string): DistributionPointName {
  const outer = r.enter(contextConstructed(0), what);
  const name: DistributionPointName =
    r.peek() === contextConstructed(1)
      ? { kind: 'relativeName', rdn: readImplicitRdn(r, contextConstructed(1), what) }
      : { kind: 'fullName', names: readGeneralNames(r, what, contextConstructed(0)) };
  r.leave(outer, what);
  return name;
}

/**
 * §5.2.5: never an empty sequence, and at most one of the three kinds of content. Flags that are FALSE but
 * written out say what their absence says, and are accepted.
 */
export function readIssuingDistributionPoint(r: DerReader): IssuingDistributionPoint {
  const what = 'issuingDistributionPoint';
  const outer = r.enterNonEmpty(TAG.sequence, what);
  const name = r.peek() === contextConstructed(0) ? readPointName(r, what) : undefined;
  const onlyContainsUserCerts = readFlag(r, 1, what);
  const onlyContainsCaCerts = readFlag(r, 2, what);
  const reasons = r.peek() === contextPrimitive(3) ? r.namedBits(what, contextPrimitive(3)) : undefined;
  const indirectCrl = readFlag(r, 4, what);
  const onlyContainsAttributeCerts = readFlag(r, 5, what);
  r.leave(outer, what);
  if (+onlyContainsUserCerts + +onlyContainsCaCerts + +onlyContainsAttributeCerts > 1)
    throw malformed(`${what} limits the CRL to two kinds of certificates`);
  const found: Mutable<IssuingDistributionPoint> = {
    onlyContainsUserCerts,
    onlyContainsCaCerts,
    indirectCrl,
    onlyContainsAttributeCerts,
  };
  if (name !== undefined) found.distributionPoint = name;
  if (reasons !== undefined) found.onlySomeReasons = reasons;
  return found;
}

function readFlag(r: DerReader, n: number, what: string): boolean {
  return r.peek() === contextPrimitive(n) ? r.boolean(what, contextPrimitive(n)) : false;
}
