import type { Certificate } from '../../x509/certificate.js';
import type { CrlFacts } from '../../x509/crl.js';
import {
  type DistributionPoint,
  type DistributionPointName,
  type IssuingDistributionPoint,
  ReasonBit,
} from '../../x509/extensions.js';
import type { GeneralName } from '../../x509/general-name.js';
import { appendRdn, type Name } from '../../x509/name.js';
import type { Budget } from '../budget.js';
import { uriKey } from './uri-key.js';

/** §6.3.2 (a): all-reasons. The bit called `unused` is none. */
export const ALL_REASONS = Object.values(ReasonBit).reduce((mask, bit) => mask | bit, 0) & ~ReasonBit.unused;

/** A distribution point of a certificate in the form in which §6.3.3 compares it. */
export interface Point {
  /** Keys of the names; `undefined` without a distributionPoint field. */
  readonly names: ReadonlySet<string> | undefined;
  /** Keys of the names in cRLIssuer; `undefined` without that field. */
  readonly issuers: ReadonlySet<string> | undefined;
  readonly reasons: number;
}

/** The points of one certificate. */
export interface Points {
  readonly all: readonly Point[];
  /** How many points and names in them there are to compare. */
  readonly size: number;
  /** Can each directory name in them be compared with others? */
  readonly areComparable: boolean;
}

/** The names that an issuingDistributionPoint gives its CRL. */
interface ScopeNames {
  readonly keys: ReadonlySet<string>;
  readonly areComparable: boolean;
}

/** The same certificates are asked for on every path, and again in the next request where they are CAs. */
const known = new WeakMap<Certificate, Points>();

/**
 * The certificate's distribution points, and last the one that §6.3.3 assumes for CRLs not named in any: that of
 * the certificate's issuer under its own names, for all reasons. Throws BUDGET_EXCEEDED.
 */
export function pointsOf(certificate: Certificate, budget: Budget): Points {
  const before = known.get(certificate);
  if (before !== undefined) return before;
  const stated = certificate.crlDistributionPoints ?? [];
  const own: GeneralName[] = [{ kind: 'dn', name: certificate.issuer }, ...(certificate.issuerAltName ?? [])];
  budget.spendSteps(stated.length >> 2);
  spendOnNames(own, budget);
  for (const point of stated) spendOnNames(namesIn(point), budget);
  const areComparable =
    areNamesComparable(own) &&
    stated.every((point) => areNamesComparable(allNames(point, certificate.issuer)));
  const all = stated.map((point) => toPoint(point, certificate.issuer));
  all.push({ names: keysOf(own), issuers: undefined, reasons: ALL_REASONS });
  const size = all.reduce(
    (sum, { names, issuers }) => sum + 1 + (names?.size ?? 0) + (issuers?.size ?? 0),
    0,
  );
  const points = { all, size, areComparable };
  known.set(certificate, points);
  return points;
}

function namesIn({ name, crlIssuer = [] }: DistributionPoint): readonly GeneralName[] {
  return name?.kind === 'fullName' ? [...name.names, ...crlIssuer] : crlIssuer;
}

/** Their keys are to be made; a handful costs nothing worth counting. */
function spendOnNames(names: readonly GeneralName[], budget: Budget): void {
  budget.spendSteps(names.length >> 2);
  budget.spendNameOctets(octetsOf(dnsOf(names)));
}

function octetsOf(names: readonly Name[]): number {
  return names.reduce((sum, { der }) => sum + der.length, 0);
}

/**
 * Does every distribution point name another CRL issuer? Then the certificate's own has left its revocation to those:
 * §6.3.3 would take its CRLs nevertheless, in the end; here they may revoke such a certificate, but not clear it.
 */
export function isDelegated({ crlDistributionPoints: points }: Certificate): boolean {
  return points !== undefined && points.every(({ crlIssuer }) => crlIssuer !== undefined);
}

/**
 * The issuers whose CRLs may speak of the certificate: its own, and those that its distribution points name.
 *
 * @param issuer the certificate's own issuer, as a name that is likely to have been compared before
 */
export function crlIssuersOf(certificate: Certificate, issuer: Name, budget: Budget): readonly Name[] {
  const points = certificate.crlDistributionPoints;
  if (points === undefined || points.every(({ crlIssuer }) => crlIssuer === undefined)) return [issuer];
  const delegates = delegatesOf(certificate, points, budget);
  // Each is looked for in the store.
  budget.spendSteps(delegates.length >> 1);
  return [issuer, ...delegates.filter(({ key }) => key !== issuer.key)];
}

const knownDelegates = new WeakMap<Certificate, readonly Name[]>();

function delegatesOf(
  certificate: Certificate,
  points: readonly DistributionPoint[],
  budget: Budget,
): readonly Name[] {
  const before = knownDelegates.get(certificate);
  if (before !== undefined) return before;
  const named = points.flatMap(({ crlIssuer }) => dnsOf(crlIssuer));
  budget.spendSteps(named.length);
  budget.spendNameOctets(octetsOf(named));
  const delegates = [...new Map(named.map((name) => [name.key, name])).values()];
  knownDelegates.set(certificate, delegates);
  return delegates;
}

function toPoint({ name, reasons, crlIssuer }: DistributionPoint, issuer: Name): Point {
  return {
    names: name && nameKeys(name, crlIssuersIn(crlIssuer, issuer)),
    issuers: crlIssuer && keysOf(crlIssuer),
    reasons: (reasons ?? ALL_REASONS) & ALL_REASONS,
  };
}

function crlIssuersIn(crlIssuer: DistributionPoint['crlIssuer'], issuer: Name): readonly Name[] {
  return crlIssuer === undefined ? [issuer] : dnsOf(crlIssuer);
}

function allNames({ name, crlIssuer }: DistributionPoint, issuer: Name): readonly GeneralName[] {
  return [...(name ? wholeNames(name, crlIssuersIn(crlIssuer, issuer)) : []), ...(crlIssuer ?? [])];
}

function areNamesComparable(names: readonly GeneralName[]): boolean {
  return names.every((name) => name.kind !== 'dn' || name.name.isComparable);
}

/** CRLs come again and again as the same objects. */
const knownScopes = new WeakMap<IssuingDistributionPoint, ScopeNames>();

/**
 * The names that the CRL's issuingDistributionPoint gives it; `undefined` without any. Throws BUDGET_EXCEEDED.
 */
export function scopeNames(
  { issuingDistributionPoint: scope, issuer }: CrlFacts,
  budget: Budget,
): ScopeNames | undefined {
  const name = scope?.distributionPoint;
  if (scope === undefined || name === undefined) return undefined;
  const before = knownScopes.get(scope);
  if (before !== undefined) return before;
  spendOnNames(namesIn({ name }), budget);
  const whole = wholeNames(name, [issuer]);
  const names = { keys: keysOf(whole), areComparable: areNamesComparable(whole) };
  knownScopes.set(scope, names);
  return names;
}

/** Keys of the names of a distribution point. */
export function nameKeys(name: DistributionPointName, crlIssuers: readonly Name[]): ReadonlySet<string> {
  return keysOf(wholeNames(name, crlIssuers));
}

/**
 * The names of a distribution point. A relative one is completed by the CRL issuer's name (§4.2.1.13), and is not a name
 * where there is not exactly one.
 */
function wholeNames(name: DistributionPointName, crlIssuers: readonly Name[]): readonly GeneralName[] {
  if (name.kind === 'fullName') return name.names;
  const [parent, ...others] = crlIssuers;
  if (parent === undefined || others.length > 0) return [];
  return [{ kind: 'dn', name: appendRdn(parent, name.rdn) }];
}

/** The key of a directoryName among those of `nameKeys`. */
export function dnKey(name: Name): string {
  return `dn ${name.key}`;
}

/** The key of a URI among those of `nameKeys`. */
export function uriNameKey(uri: string): string {
  return `uri ${uriKey(uri)}`;
}

function keysOf(names: readonly GeneralName[]): ReadonlySet<string> {
  return new Set(names.map(keyOf));
}

function keyOf(name: GeneralName): string {
  switch (name.kind) {
    case 'dn':
      return dnKey(name.name);
    case 'uri':
      return uriNameKey(name.value);
    case 'dns': // §7.2
      return `dns ${name.value.toLowerCase()}`;
    case 'rfc822':
      return `rfc822 ${mailKey(name.value)}`;
    case 'ip':
      return `ip ${Buffer.from(name.bytes).toString('hex')}`;
    default:
      return `${name.kind} ${Buffer.from(name.der).toString('hex')}`;
  }
}

/** §7.5: the local part as it is, the host without regard to case. */
function mailKey(address: string): string {
  const host = address.lastIndexOf('@') + 1;
  return address.slice(0, host) + address.slice(host).toLowerCase();
}

function dnsOf(names: readonly GeneralName[] | undefined): readonly Name[] {
  return (names ?? []).flatMap((name) => (name.kind === 'dn' ? [name.name] : []));
}
