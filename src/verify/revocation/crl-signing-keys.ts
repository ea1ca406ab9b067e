import type { Certificate } from '../../x509/certificate.js';
import { type Name, sameName } from '../../x509/name.js';
import { checkMaySignCrls } from './crl-signer.js';
import { failureOf, VerifyError } from '../failure.js';
import type { Issuer, RevocationInputs } from './revocation-inputs.js';
import { findSignerPath } from './signer-path.js';

/** Keys of one name that may have signed its CRLs: as many as are tried when a CRL is stored. */
export const MAX_SIGNERS = 16;

export interface SigningKeys {
  /** SubjectPublicKeyInfo, DER, each once. */
  readonly keys: readonly Uint8Array[];
  /** There are more than MAX_SIGNERS. */
  readonly isCut: boolean;
}

/**
 * §6.3.3 (f): the keys that may have signed the CRLs of a name, for one request. A key counts only where its own path
 * to a configured trust anchor was validated, since what it signs is stored and served to others:
 *
 *     issuer of the certificate   stands on the validated path
 *     trust anchor of that path   is configured
 *     others of the request       a path of their own is validated here, to the same anchor
 */
export class CrlSigningKeys {
  /** Whether a certificate's path was validated, by trust anchor and certificate. */
  readonly #known = new Map<Certificate, Map<Certificate, boolean>>();

  /** Throws BUDGET_EXCEEDED. */
  of(name: Name, issuer: Issuer, inputs: RevocationInputs): SigningKeys {
    const { anchor, pool, validation } = inputs.signing;
    validation.budget.spendSteps(1 + (pool.length >> 4));
    const keys = new Map<string, Uint8Array>();
    for (const { certificate } of [issuer, anchor]) {
      if (sameName(certificate.subject, name)) keys.set(textOf(certificate), certificate.spki);
    }
    for (const { certificate } of pool) {
      if (!sameName(certificate.subject, name) || keys.has(textOf(certificate))) continue;
      if (!this.#isValidated(certificate, inputs)) continue;
      if (keys.size >= MAX_SIGNERS) return { keys: [...keys.values()], isCut: true };
      keys.set(textOf(certificate), certificate.spki);
    }
    return { keys: [...keys.values()], isCut: false };
  }

  #isValidated(holder: Certificate, inputs: RevocationInputs): boolean {
    const anchor = inputs.signing.anchor.certificate;
    const known = this.#known.get(anchor) ?? new Map<Certificate, boolean>();
    this.#known.set(anchor, known);
    const before = known.get(holder);
    if (before !== undefined) return before;
    const isValidated = isSigner(holder, inputs);
    known.set(holder, isValidated);
    return isValidated;
  }
}

function textOf({ spki }: Certificate): string {
  return Buffer.from(spki).toString('latin1');
}

/** May it sign CRLs, and does its path hold? That its status is not known yet does not matter; that it is revoked does. */
function isSigner(holder: Certificate, inputs: RevocationInputs): boolean {
  inputs.signing.validation.budget.spendSteps(1);
  try {
    checkMaySignCrls(holder);
  } catch (error) {
    failureOf(error);
    return false;
  }
  const alone = { ...inputs, wants: undefined };
  const path = findSignerPath(holder, inputs, (validated) => {
    const { failure } = inputs.signing.standing(validated, alone);
    if (failure?.code === 'REVOKED') throw new VerifyError(failure.code, failure.message);
  });
  return 'accepted' in path;
}
