import type { CrlFacts } from '../../x509/crl.js';
import { OID } from '../../x509/oid.js';
import { hasEcdsaParameters } from '../../x509/signature.js';
import { VerifyError } from '../failure.js';
import type { Rule } from '../profiles.js';

const PROCESSED: ReadonlySet<string> = new Set([
  OID.authorityKeyIdentifier,
  OID.crlNumber,
  OID.deltaCrlIndicator,
  OID.issuingDistributionPoint,
]);

/** §5.2: a CRL with a critical extension that is not processed says nothing. */
export function checkCriticalExtensions(crl: CrlFacts): void {
  for (const { critical, oid } of crl.extensions) {
    if (critical && !PROCESSED.has(oid)) {
      throw new VerifyError(
        'CRL_CRITICAL_EXTENSION',
        `the CRL has the unknown critical extension ${oid}`,
        '5.2',
      );
    }
  }
}

/**
 * Requirements for CRL issuers, in profiles that enforce them. A CRL that violates them may revoke, but not clear.
 *
 * `signature-parameters`: RFC 5758 §3.2. `crl-form`: revokedCertificates is absent when it would be empty (§5.1.2.6);
 * authorityKeyIdentifier (§5.2.1) and cRLNumber (§5.2.3) are there and not critical, deltaCRLIndicator (§5.2.4) and
 * issuingDistributionPoint (§5.2.5) are critical, freshestCRL (§5.2.6) is not.
 */
export function checkIssuersDuties(crl: CrlFacts, rules: ReadonlySet<Rule>): void {
  if (rules.has('signature-parameters') && hasEcdsaParameters(crl.signatureAlgorithm)) {
    throw broken('signatureAlgorithm', 'has parameters', 'signature-parameters', 'RFC 5758 3.2');
  }
  if (!rules.has('crl-form')) return;
  if (crl.hasEmptyList) throw broken('revokedCertificates', 'is empty', 'crl-form', '5.1.2.6');
  for (const [oid, name, section, isCritical, isRequired] of DUTIES) {
    const found = crl.extensions.find((extension) => extension.oid === oid);
    const isWrong = found === undefined ? isRequired : found.critical !== isCritical;
    if (!isWrong) continue;
    const breach = found === undefined ? 'is missing' : isCritical ? 'is not critical' : 'is critical';
    throw broken(name, breach, 'crl-form', section);
  }
}

function broken(field: string, breach: string, rule: Rule, section: string): VerifyError {
  return new VerifyError('CRL_MALFORMED', `${field} of the CRL ${breach} (rule ${rule})`, section);
}

const DUTIES = [
  [OID.authorityKeyIdentifier, 'authorityKeyIdentifier', '5.2.1', false, true],
  [OID.crlNumber, 'cRLNumber', '5.2.3', false, true],
  [OID.deltaCrlIndicator, 'deltaCRLIndicator', '5.2.4', true, false],
  [OID.issuingDistributionPoint, 'issuingDistributionPoint', '5.2.5', true, false],
  [OID.freshestCrl, 'freshestCRL', '5.2.6', false, false],
] as const;

/** §5.3: nor does one with such an extension in any of its entries. Parses them; throws `X509Error`. */
export function checkCriticalEntryExtensions(crl: Pick<CrlFacts, 'criticalEntryExtension'>): void {
  const oid = crl.criticalEntryExtension;
  if (oid === undefined) return;
  throw new VerifyError(
    'CRL_CRITICAL_EXTENSION',
    `an entry of the CRL has the unknown critical extension ${oid}`,
    '5.3',
  );
}
