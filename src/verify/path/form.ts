import { type Certificate, parseAllExtensions } from '../../x509/certificate.js';
import { bitOf, ExtensionBit } from '../../x509/extension-bit.js';
import { OID } from '../../x509/oid.js';
import { VerifyError } from '../failure.js';
import { named } from '../named.js';

/** The extensions that path validation, revocation, name and purpose checks process: they may be critical. */
const PROCESSED =
  ExtensionBit.basicConstraints |
  ExtensionBit.keyUsage |
  ExtensionBit.extendedKeyUsage |
  ExtensionBit.subjectAltName |
  ExtensionBit.nameConstraints |
  ExtensionBit.certificatePolicies |
  ExtensionBit.policyMappings |
  ExtensionBit.policyConstraints |
  ExtensionBit.inhibitAnyPolicy |
  ExtensionBit.crlDistributionPoints |
  ExtensionBit.authorityKeyIdentifier |
  ExtensionBit.subjectKeyIdentifier;
/** Extensions that need no further check when they are critical. */
const PROCESSED_WHOLE = PROCESSED & ~ExtensionBit.certificatePolicies;

/** CA certificates that passed: the same objects come again and again. */
const checked = new WeakSet<Certificate>();

/** `checkForm` for a CA or an anchor, done once for each object. */
export function checkAuthorityForm(certificate: Certificate): void {
  if (checked.has(certificate)) return;
  checkForm(certificate, '6.1.4 (o)');
  checked.add(certificate);
}

/**
 * Checks that depend on the certificate's bytes alone, before all others: every known extension parses (§4.2), and
 * every critical one is known (§6.1.5 (f), or in a CA §6.1.4 (o)), critical policies down to their qualifiers
 * (§4.2.1.4). Throws `X509Error` or CRITICAL_EXTENSION.
 */
export function checkForm(certificate: Certificate, section = '6.1.5 (f)'): void {
  parseAllExtensions(certificate);
  if (certificate.hasOnlyCritical(PROCESSED_WHOLE)) return;
  for (const { critical, oid } of certificate.extensions) {
    if (!critical) continue;
    if ((PROCESSED & bitOf(oid)) === 0) throw unknown(certificate, `critical extension ${oid}`, section);
    if (oid === OID.certificatePolicies) checkQualifiers(certificate);
  }
}

const KNOWN_QUALIFIERS: ReadonlySet<string> = new Set([OID.cpsQualifier, OID.userNoticeQualifier]);

/** §4.2.1.4: who cannot interpret a critical extension "(including the optional qualifier) […] MUST reject" it. */
function checkQualifiers(certificate: Certificate): void {
  for (const { qualifierOids } of certificate.certificatePolicies ?? []) {
    const odd = qualifierOids.find((oid) => !KNOWN_QUALIFIERS.has(oid));
    if (odd !== undefined) throw unknown(certificate, `qualifier ${odd} in its critical policies`, '4.2.1.4');
  }
}

function unknown(certificate: Certificate, what: string, section: string): VerifyError {
  return new VerifyError('CRITICAL_EXTENSION', `${named(certificate)} has the unknown ${what}`, section);
}
