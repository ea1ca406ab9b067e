import type { AlgorithmIdentifier } from './algorithm.js';
import type {
  AuthorityKeyIdentifier,
  DistributionPoint,
  Extension,
  IssuingDistributionPoint,
} from './extensions.js';
import type { Name } from './name.js';

/** RFC 5280 §5.3.1, by name. */
export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'removeFromCRL'
  | 'privilegeWithdrawn'
  | 'aACompromise';

export interface CrlEntry {
  /** revocationDate, ms. */
  readonly date: number;
  readonly reason?: RevocationReason;
}

/** A certificate revocation list (RFC 5280 §5) as views into its bytes. Getters work as those of `Certificate`. */
export interface Crl {
  readonly der: Uint8Array;
  /** The whole TBSCertList TLV: what is signed. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2;
  readonly issuer: Name;
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  readonly extensions: readonly Extension[];
  /** §5.2.3 */
  readonly number: bigint | null;
  /** Has a delta CRL indicator (§5.2.4). */
  readonly isDelta: boolean;
  /** BaseCRLNumber of a delta CRL. */
  readonly baseNumber: bigint | null;
  readonly issuingDistributionPoint: IssuingDistributionPoint | undefined;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined;
  readonly freshestCrl: readonly DistributionPoint[] | undefined;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;
  /** How many certificates are listed. Reading this, or any of the following, parses every entry once. */
  readonly entryCount: number;
  /** The OID of the first critical entry extension that is not known: it voids the whole CRL (§5.3). */
  readonly criticalEntryExtension: string | undefined;
  /** Some entry names its certificate's issuer (§5.3.3), so this is an indirect CRL in fact. */
  readonly hasCertificateIssuer: boolean;
}

/** Reads a CRL up to its entries; throws `X509Error`. */
export function parseCrl(_der: Uint8Array): Crl {
  throw new Error('not built');
}

/**
 * Looks a serial (content octets) up among the CRL's entries; parses every entry at the first call and throws
 * `X509Error` when one is malformed. `issuer` is the certificate's; by default the CRL's own.
 */
export function findEntry(_crl: Crl, _serial: Uint8Array, _issuer?: Name): CrlEntry | undefined {
  throw new Error('not built');
}
