import type { GeneralName } from './general-name.js';

/** RFC 5280 §4.2. */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The content of the OCTET STRING: the DER of the extension's own type. */
  readonly value: Uint8Array;
}

/** §4.2.1.9 */
export interface BasicConstraints {
  readonly ca: boolean;
  /** Absent: no limit. */
  readonly pathLength?: number;
  readonly critical: boolean;
}

/** §4.2.1.3: the named bits, for masks over `Certificate.keyUsage`. */
export const KeyUsageBit = {
  digitalSignature: 1,
  nonRepudiation: 2,
  keyEncipherment: 4,
  dataEncipherment: 8,
  keyAgreement: 16,
  keyCertSign: 32,
  cRLSign: 64,
  encipherOnly: 128,
  decipherOnly: 256,
} as const;

/** §4.2.1.1 */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: Uint8Array | undefined;
  readonly issuer: readonly GeneralName[] | undefined;
  /** The content octets of the INTEGER. */
  readonly serial: Uint8Array | undefined;
}

/** §4.2.1.10; `base` of kind `ip` holds address and mask, 8 or 32 octets. minimum is 0, maximum absent. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** §4.2.1.4 */
export interface PolicyInformation {
  readonly oid: string;
  /** The whole TLV of the qualifiers; `null` when absent. */
  readonly qualifiers: Uint8Array | null;
  /** Their OIDs, in order. */
  readonly qualifierOids: readonly string[];
}

/** §4.2.1.5 */
export interface PolicyMapping {
  readonly issuerDomainPolicy: string;
  readonly subjectDomainPolicy: string;
}

/** §4.2.1.11 */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number;
  readonly inhibitPolicyMapping?: number;
}

/** §4.2.1.13 */
export type DistributionPointName =
  | { readonly kind: 'fullName'; readonly names: readonly GeneralName[] }
  /** The RDN to append to the CRL issuer's name: its TLV, retagged as the SET that stands in a Name. */
  | { readonly kind: 'relativeName'; readonly rdn: Uint8Array };

/** §4.2.1.13 */
export interface DistributionPoint {
  readonly name?: DistributionPointName;
  /** A mask of `ReasonBit`; absent: all reasons. */
  readonly reasons?: number;
  readonly crlIssuer?: readonly GeneralName[];
}

/** §4.2.1.13 ReasonFlags. */
export const ReasonBit = {
  unused: 1,
  keyCompromise: 2,
  cACompromise: 4,
  affiliationChanged: 8,
  superseded: 16,
  cessationOfOperation: 32,
  certificateHold: 64,
  privilegeWithdrawn: 128,
  aACompromise: 256,
} as const;

/** §4.2.2.1 */
export interface AccessDescription {
  readonly method: string;
  readonly location: GeneralName;
}

/** §5.2.5 */
export interface IssuingDistributionPoint {
  readonly distributionPoint?: DistributionPointName;
  readonly onlyContainsUserCerts: boolean;
  readonly onlyContainsCaCerts: boolean;
  /** A mask of `ReasonBit`; absent: all reasons. */
  readonly onlySomeReasons?: number;
  readonly indirectCrl: boolean;
  readonly onlyContainsAttributeCerts: boolean;
}
