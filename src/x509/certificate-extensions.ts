import { readCrlDistributionPoints, readFreshestCrl } from './distribution-points.js';
import { ExtensionBit } from './extension-bit.js';
import type { ExtensionList } from './extension-list.js';
import type {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  DistributionPoint,
  NameConstraints,
  PolicyConstraints,
  PolicyInformation,
  PolicyMapping,
} from './extensions.js';
import type { GeneralName } from './general-name.js';
import {
  readCertificatePolicies,
  readInhibitAnyPolicy,
  readPolicyConstraints,
  readPolicyMappings,
} from './policy-extensions.js';
import {
  readAuthorityInfoAccess,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtendedKeyUsage,
  readIssuerAltName,
  readKeyUsage,
  readNameConstraints,
  readNoRevAvail,
  readSubjectAltName,
  readSubjectInfoAccess,
  readSubjectKeyIdentifier,
} from './standard-extensions.js';

/**
 * The extensions that are known (RFC 5280 §4.2). Each is read at first use and kept; it is `undefined` when
 * absent, and throws MALFORMED, at every use, when it is broken.
 */
export abstract class KnownExtensions {
  protected abstract readonly list: ExtensionList;

  /** Is every critical extension one of these, a mask of `ExtensionBit`? */
  hasOnlyCritical(bits: number): boolean {
    return this.list.hasOnlyCritical(bits);
  }

  get basicConstraints(): BasicConstraints | undefined {
    return this.list.read(ExtensionBit.basicConstraints, 'basicConstraints', readBasicConstraints);
  }
  /** A mask of `KeyUsageBit`. */
  get keyUsage(): number | undefined {
    return this.list.read(ExtensionBit.keyUsage, 'keyUsage', readKeyUsage);
  }
  get extendedKeyUsage(): readonly string[] | undefined {
    return this.list.read(ExtensionBit.extendedKeyUsage, 'extendedKeyUsage', readExtendedKeyUsage);
  }
  get subjectAltName(): readonly GeneralName[] | undefined {
    return this.list.read(ExtensionBit.subjectAltName, 'subjectAltName', readSubjectAltName);
  }
  get issuerAltName(): readonly GeneralName[] | undefined {
    return this.list.read(ExtensionBit.issuerAltName, 'issuerAltName', readIssuerAltName);
  }
  get authorityKeyIdentifier(): AuthorityKeyIdentifier | undefined {
    return this.list.read(
      ExtensionBit.authorityKeyIdentifier,
      'authorityKeyIdentifier',
      readAuthorityKeyIdentifier,
    );
  }
  get subjectKeyIdentifier(): Uint8Array | undefined {
    return this.list.read(
      ExtensionBit.subjectKeyIdentifier,
      'subjectKeyIdentifier',
      readSubjectKeyIdentifier,
    );
  }
  get nameConstraints(): NameConstraints | undefined {
    return this.list.read(ExtensionBit.nameConstraints, 'nameConstraints', readNameConstraints);
  }
  get certificatePolicies(): readonly PolicyInformation[] | undefined {
    return this.list.read(ExtensionBit.certificatePolicies, 'certificatePolicies', readCertificatePolicies);
  }
  get policyMappings(): readonly PolicyMapping[] | undefined {
    return this.list.read(ExtensionBit.policyMappings, 'policyMappings', readPolicyMappings);
  }
  get policyConstraints(): PolicyConstraints | undefined {
    return this.list.read(ExtensionBit.policyConstraints, 'policyConstraints', readPolicyConstraints);
  }
  get inhibitAnyPolicy(): number | undefined {
    return this.list.read(ExtensionBit.inhibitAnyPolicy, 'inhibitAnyPolicy', readInhibitAnyPolicy);
  }
  get crlDistributionPoints(): readonly DistributionPoint[] | undefined {
    return this.list.read(
      ExtensionBit.crlDistributionPoints,
      'crlDistributionPoints',
      readCrlDistributionPoints,
    );
  }
  get freshestCrl(): readonly DistributionPoint[] | undefined {
    return this.list.read(ExtensionBit.freshestCrl, 'freshestCrl', readFreshestCrl);
  }
  get authorityInfoAccess(): readonly AccessDescription[] | undefined {
    return this.list.read(ExtensionBit.authorityInfoAccess, 'authorityInfoAccess', readAuthorityInfoAccess);
  }
  get subjectInfoAccess(): readonly AccessDescription[] | undefined {
    return this.list.read(ExtensionBit.subjectInfoAccess, 'subjectInfoAccess', readSubjectInfoAccess);
  }
  /** RFC 9608: `true` when present. */
  get noRevAvail(): true | undefined {
    return this.list.read(ExtensionBit.noRevAvail, 'noRevAvail', readNoRevAvail);
  }
}

export type CertificateExtensions = Pick<KnownExtensions, keyof KnownExtensions>;

/** Reads every known extension, so that a broken one is found; throws `X509Error`. */
export function parseAllExtensions(certificate: CertificateExtensions): void {
  void certificate.basicConstraints;
  void certificate.keyUsage;
  void certificate.extendedKeyUsage;
  void certificate.subjectAltName;
  void certificate.issuerAltName;
  void certificate.authorityKeyIdentifier;
  void certificate.subjectKeyIdentifier;
  void certificate.nameConstraints;
  void certificate.certificatePolicies;
  void certificate.policyMappings;
  void certificate.policyConstraints;
  void certificate.inhibitAnyPolicy;
  void certificate.crlDistributionPoints;
  void certificate.freshestCrl;
  void certificate.authorityInfoAccess;
  void certificate.subjectInfoAccess;
  void certificate.noRevAvail;
}
