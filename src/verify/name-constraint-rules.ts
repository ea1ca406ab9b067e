import type { Certificate } from '../x509/certificate.js';
import { formatName } from '../x509/name.js';
import { OID } from '../x509/oid.js';
import { VerifyError } from './failure.js';
import type { Rule } from './profiles.js';

/** What §4.2.1.10 demands of CAs that write name constraints: `nc-form` and `nc-critical`. Throws PROFILE_RULE. */
export function checkNameConstraintRules(certificate: Certificate, rules: ReadonlySet<Rule>): void {
  if (!rules.has('nc-form')) return;
  const { nameConstraints } = certificate;
  if (nameConstraints === undefined) return;
  if (certificate.basicConstraints?.ca !== true)
    throw broken(certificate, 'stand in a certificate that is no CA');
  const { permitted, excluded } = nameConstraints;
  if ([...permitted, ...excluded].some((base) => base.kind === 'dns' && base.value.startsWith('.'))) {
    throw broken(certificate, 'hold a dNSName with a leading period');
  }
  if (rules.has('nc-critical') && !isCritical(certificate)) throw broken(certificate, 'are not critical');
}

function isCritical({ extensions }: Certificate): boolean {
  return extensions.some(({ oid, critical }) => critical && oid === OID.nameConstraints);
}

function broken(certificate: Certificate, what: string): VerifyError {
  const name = formatName(certificate.subject);
  return new VerifyError('PROFILE_RULE', `the name constraints of ${name} ${what}`, '4.2.1.10');
}
