import type { Certificate } from '../x509/certificate.js';
import { type DistributionPoint, type DistributionPointName, ReasonBit } from '../x509/extensions.js';
import type { GeneralName } from '../x509/general-name.js';
import { appendRdn, type Name } from '../x509/name.js';
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

/**
 * The certificate's distribution points, and last the one that §6.3.3 assumes for CRLs not named in any: that of
 * the certificate's issuer under its own names, for all reasons.
 */
export function pointsOf(certificate: Certificate): readonly Point[] {
  const points = (certificate.crlDistributionPoints ?? []).map((point) => toPoint(point, certificate.issuer));
  const own: GeneralName[] = [{ kind: 'dn', name: certificate.issuer }, ...(certificate.issuerAltName ?? [])];
  return [...points, { names: keysOf(own), issuers: undefined, reasons: ALL_REASONS }];
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
export function crlIssuersOf(certificate: Certificate, issuer: Name): readonly Name[] {
  const points = certificate.crlDistributionPoints;
  if (points === undefined || points.every(({ crlIssuer }) => crlIssuer === undefined)) return [issuer];
  const delegates = points.flatMap(({ crlIssuer }) => dnsOf(crlIssuer));
  const distinct = new Map([issuer, ...delegates].map((name) => [name.key, name]));
  return [...distinct.values()];
}

function toPoint({ name, reasons, crlIssuer }: DistributionPoint, issuer: Name): Point {
  return {
    names: name && nameKeys(name, crlIssuer === undefined ? [issuer] : dnsOf(crlIssuer)),
    issuers: crlIssuer && keysOf(crlIssuer),
    reasons: (reasons ?? ALL_REASONS) & ALL_REASONS,
  };
}

/**
 * Keys of the names of a distribution point. A relative one is completed by the CRL issuer's name (§4.2.1.13), and
 * is no name at all where that is not one alone.
 */
export function nameKeys(name: DistributionPointName, crlIssuers: readonly Name[]): ReadonlySet<string> {
  if (name.kind === 'fullName') return keysOf(name.names);
  const [parent, ...others] = crlIssuers;
  if (parent === undefined || others.length > 0) return new Set();
  return keysOf([{ kind: 'dn', name: appendRdn(parent, name.rdn) }]);
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
