import type { AlgorithmIdentifier } from './algorithm.js';
import type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  DistributionPoint,
  Extension,
  NameConstraints,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
} from './extensions.js';
import type { GeneralName } from './general-name.js';
import type { Name } from './name.js';

/**
 * A certificate as views into its bytes. The getters of extensions are parsed at first use; each is `undefined`
 * when the extension is absent and throws MALFORMED when it is broken.
 */
export interface Certificate {
  readonly der: Uint8Array;
  /** The whole TBSCertificate TLV: what is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** The content octets of the INTEGER. */
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  /** Milliseconds since 1970, as all times here. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The whole SubjectPublicKeyInfo TLV. */
  readonly spki: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;

  readonly basicConstraints: BasicConstraints | undefined;
  /** A mask of `KeyUsageBit`. */
  readonly keyUsage: number | undefined;
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectAltName: readonly GeneralName[] | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly nameConstraints: NameConstraints | undefined;
  readonly certificatePolicies: readonly PolicyInformation[] | undefined;
  readonly policyMappings: readonly PolicyMapping[] | undefined;
  readonly policyConstraints: PolicyConstraints | undefined;
  readonly inhibitAnyPolicy: number | undefined;
  readonly crlDistributionPoints: readonly DistributionPoint[] | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  readonly authorityInfoAccess: readonly AccessDescription[] | undefined;
  /** RFC 9608: `true` when present. */
  readonly noRevAvail: true | undefined;
}

/** Reads a certificate; throws `X509Error`. Known extensions are checked only when read: see `parseAllExtensions`. */
export function parseCertificate(_der: Uint8Array): Certificate {
  throw new Error('not built');
}

/** Reads every known extension, so that a broken one is found; throws `X509Error`. */
export function parseAllExtensions(_certificate: Certificate): void {
  throw new Error('not built');
}

/** The OIDs of the critical extensions, dotted, in their order. */
export function criticalOids(certificate: Pick<Certificate, 'extensions'>): string[] {
  return certificate.extensions.filter((e) => e.critical).map((e) => e.oid);
}
