import { OID } from './oid.js';

/**
 * The extensions of certificates and CRLs that are looked for (RFC 5280 §4.2, §5.2, RFC 9608), a bit for each: which of
 * them there are is one mask, and finding one is a comparison of numbers.
 */
export const ExtensionBit = {
  subjectKeyIdentifier: 1 << 0,
  keyUsage: 1 << 1,
  subjectAltName: 1 << 2,
  issuerAltName: 1 << 3,
  basicConstraints: 1 << 4,
  crlNumber: 1 << 5,
  deltaCrlIndicator: 1 << 6,
  issuingDistributionPoint: 1 << 7,
  nameConstraints: 1 << 8,
  crlDistributionPoints: 1 << 9,
  certificatePolicies: 1 << 10,
  policyMappings: 1 << 11,
  authorityKeyIdentifier: 1 << 12,
  policyConstraints: 1 << 13,
  extendedKeyUsage: 1 << 14,
  freshestCrl: 1 << 15,
  inhibitAnyPolicy: 1 << 16,
  noRevAvail: 1 << 17,
  authorityInfoAccess: 1 << 18,
  subjectInfoAccess: 1 << 19,
} as const;

const BIT_OF = new Map<string, number>();
const OID_OF = new Map<number, string>();
/** By the last octet of an OID under id-ce, which all of them but two have. */
const BIT_UNDER_ID_CE = new Uint32Array(256);

const isNamed = (name: string): name is keyof typeof ExtensionBit => name in ExtensionBit;
for (const [name, oid] of Object.entries(OID)) {
  if (!isNamed(name)) continue;
  const bit = ExtensionBit[name];
  BIT_OF.set(oid, bit);
  OID_OF.set(bit, oid);
  const [, lastArc] = /^2\.5\.29\.(\d+)$/.exec(oid) ?? [];
  if (lastArc !== undefined) BIT_UNDER_ID_CE[Number(lastArc)] = bit;
}

/**
 * The bit of the OID whose content octets are between `from` and `to`, without decoding it; 0 for one that must be
 * decoded.
 */
export function extensionBit(bytes: Uint8Array, from: number, to: number): number {
  if (to - from !== 3 || bytes[from] !== 0x55 || bytes[from + 1] !== 0x1d) return 0;
  return BIT_UNDER_ID_CE[bytes[from + 2]!]!;
}

/** 0 for an extension that is not looked for. */
export function bitOf(oid: string): number {
  return BIT_OF.get(oid) ?? 0;
}

/** Dotted. */
export function oidOf(bit: number): string {
  return OID_OF.get(bit) ?? '';
}
