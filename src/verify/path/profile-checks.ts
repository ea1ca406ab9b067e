import type { Certificate } from '../../x509/certificate.js';
import { KeyUsageBit } from '../../x509/extensions.js';
import { OID } from '../../x509/oid.js';
import { type FailureCode, VerifyError } from '../failure.js';
import { checkAuthorityForm } from './form.js';
import { named } from '../named.js';
import type { Rule } from '../profiles.js';
import type { CertificationPath } from '../certification-path.js';

interface PurposeInputs {
  readonly purpose: string | undefined;
  readonly profile: { readonly rules: ReadonlySet<Rule> };
}

/** `anchor-as-certificate`: what §6.1 asks of a CA within the path is asked of the anchor too. */
export function checkAnchor(anchor: Certificate, inputs: { readonly time: number }): void {
  checkAuthorityForm(anchor);
  if (inputs.time < anchor.notBefore) throw anchorError('NOT_YET_VALID', anchor, 'is not valid yet');
  if (inputs.time > anchor.notAfter) throw anchorError('EXPIRED', anchor, 'has expired');
  // An anchor of version 1 has no basicConstraints; the operator who configured it says that it is a CA.
  if (anchor.version === 3 && anchor.basicConstraints?.ca !== true) {
    throw anchorError('NOT_A_CA', anchor, 'is no CA');
  }
  if (anchor.keyUsage !== undefined && (anchor.keyUsage & KeyUsageBit.keyCertSign) === 0) {
    throw anchorError('KEY_USAGE', anchor, 'has no keyCertSign');
  }
}

function anchorError(code: FailureCode, anchor: Certificate, what: string): VerifyError {
  return new VerifyError(code, `the anchor ${named(anchor)} ${what}`);
}

/**
 * §4.2.1.12: the leaf's EKU extension, when present, must name the purpose or anyExtendedKeyUsage; with
 * `eku-nesting` those of the CAs above it too. Without a purpose nothing is asked.
 */
export function checkPurpose({ certificates, anchor }: CertificationPath, inputs: PurposeInputs): void {
  const [leaf, ...authorities] = certificates;
  if (leaf !== undefined) checkLeafPurpose(leaf, inputs);
  const { purpose } = inputs;
  const { rules } = inputs.profile;
  if (!isSpecific(purpose) || !rules.has('eku-nesting')) return;
  for (const authority of authorities) checkServes(authority, purpose);
  if (rules.has('anchor-as-certificate')) checkServes(anchor.certificate, purpose);
}

/** The same, of the leaf alone. */
export function checkLeafPurpose(leaf: Certificate, { purpose, profile }: PurposeInputs): void {
  if (!isSpecific(purpose)) return;
  if (!profile.rules.has('eku-required')) {
    checkServes(leaf, purpose);
  } else if (leaf.extendedKeyUsage?.includes(purpose) !== true) {
    throw new VerifyError('PURPOSE', `${named(leaf)} does not name the key purpose ${purpose}`);
  }
}

function isSpecific(purpose: string | undefined): purpose is string {
  return purpose !== undefined && purpose !== OID.anyExtendedKeyUsage;
}

function checkServes(certificate: Certificate, purpose: string): void {
  const purposes = certificate.extendedKeyUsage;
  if (purposes === undefined || purposes.includes(purpose) || purposes.includes(OID.anyExtendedKeyUsage))
    return;
  throw new VerifyError('PURPOSE', `${named(certificate)} is not for the key purpose ${purpose}`);
}
