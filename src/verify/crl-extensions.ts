import type { CrlFacts } from '../x509/crl.js';
import { OID } from '../x509/oid.js';
import { VerifyError } from './failure.js';

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
