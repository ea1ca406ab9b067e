import type { Certificate } from '../../x509/certificate.js';
import { OID } from '../../x509/oid.js';
import { isAuthority, isCritical, isSelfIssued, type Placed } from './placed.js';

/** authorityKeyIdentifier and subjectKeyIdentifier: RFC 5280 §4.2.1.1, §4.2.1.2, Baseline Requirements §7.1.2.11. */

/**
 * §4.2.1.1: "The keyIdentifier field of the authorityKeyIdentifier extension MUST be included in all certificates",
 * except a CA's self-signed one, which may lack the whole extension.
 */
export function authorityKeyIdentifier({ certificate, issuer }: Placed): string | undefined {
  const { authorityKeyIdentifier: identifier, spki } = certificate;
  if (identifier?.keyIdentifier !== undefined) return undefined;
  const isSelfSigned = issuer !== undefined && Buffer.compare(spki, issuer.spki) === 0;
  return identifier === undefined && isSelfSigned ? undefined : 'it does not identify the key of its issuer';
}

/** §4.2.1.1: "Conforming CAs MUST mark this extension as non-critical." */
export function authorityKeyIdentifierCritical({ certificate }: Placed): string | undefined {
  return isCritical(certificate, OID.authorityKeyIdentifier) === true
    ? 'its authorityKeyIdentifier is critical'
    : undefined;
}

/** §4.2.1.2: "this extension MUST appear in all conforming CA certificates". */
export function subjectKeyIdentifier(placed: Placed): string | undefined {
  if (!isAuthority(placed) || placed.certificate.subjectKeyIdentifier !== undefined) return undefined;
  return 'it is a CA and does not identify its key';
}

/** §4.2.1.2: "Conforming CAs MUST mark this extension as non-critical." */
export function subjectKeyIdentifierCritical({ certificate }: Placed): string | undefined {
  return isCritical(certificate, OID.subjectKeyIdentifier) === true
    ? 'its subjectKeyIdentifier is critical'
    : undefined;
}

/** §4.2.1.2: the issuer's subjectKeyIdentifier "MUST be the value placed in the key identifier field" below it. */
export function keyIdentifierChain({ certificate, role, issuer }: Placed): string | undefined {
  // A self-issued anchor may be signed with its CA's former key.
  if (role === 'anchor' || issuer === undefined || identifies(certificate, issuer)) return undefined;
  return 'it identifies another key than that of its issuer';
}

/** Baseline Requirements §7.1.2.1.3: a root's keyIdentifier "MUST be identical to the subjectKeyIdentifier". */
export function rootKeyIdentifier({ certificate, role }: Placed): string | undefined {
  const isWrong = role === 'anchor' && isSelfIssued(certificate) && !identifies(certificate, certificate);
  return isWrong ? 'it is a root that identifies another key than its own' : undefined;
}

function identifies(certificate: Certificate, issuer: Certificate): boolean {
  const wanted = certificate.authorityKeyIdentifier?.keyIdentifier;
  const found = issuer.subjectKeyIdentifier;
  return wanted === undefined || found === undefined || Buffer.compare(wanted, found) === 0;
}

/** Baseline Requirements §7.1.2.11.1: authorityCertIssuer and authorityCertSerialNumber MUST NOT be present. */
export function authorityKeyIdentifierFields({ certificate }: Placed): string | undefined {
  return namesIssuer(certificate) ? 'its authorityKeyIdentifier names issuer and serial number' : undefined;
}

function namesIssuer({ authorityKeyIdentifier: identifier }: Certificate): boolean {
  return identifier?.issuer !== undefined || identifier?.serial !== undefined;
}
