import type { Certificate } from '../../x509/certificate.js';
import type { CrlFacts } from '../../x509/crl.js';
import { KeyUsageBit } from '../../x509/extensions.js';
import { formatName, mayBeSameName, sameName } from '../../x509/name.js';
import type { CaKey } from '../keys/ca-key.js';
import { type Failure, passableFailure, VerifyError } from '../failure.js';
import { identifierText, keyHolder, namedKey, otherKeyNamed } from '../keys/key-name.js';
import { named } from '../named.js';
import { rank } from '../path/path-builder.js';
import type { Issuer, RevocationInputs, SignerStatus } from './revocation-inputs.js';
import { findSignerPath } from './signer-path.js';
import { isMoreSpecific } from '../verdict.js';
import type { ValidatedPath } from '../path/path-state.js';
import type { SignedCrl } from '../crl-source.js';

/** The signer of a CRL, and how far it is trusted. */
export interface CrlSigner {
  readonly key: CaKey;
  /** ms: until when nothing known today ends the trust. */
  readonly until: number;
  /** The mode forgives that the signer's own status is unknown; then only what the CRL lists counts. */
  readonly doubt: Failure | undefined;
}

/** A signer's CRL may need another signer, and so on; real chains of them are not longer. */
export const MAX_NESTING = 4;

/**
 * §6.3.3 (f) and (g): the key that signed the CRL. Its holder may sign CRLs and has a path to the same trust anchor:
 * the certificate's own issuer, or another certificate with the CRL issuer's name and a path of its own. Throws
 * `VerifyError` or `X509Error` if there is none.
 *
 * @param issuer the certificate's issuer, if it is the CRL's too
 */
export function signerOf(
  crl: SignedCrl,
  certificate: Certificate,
  issuer: Issuer | undefined,
  inputs: RevocationInputs,
): CrlSigner {
  let failure: Failure | undefined;
  if (issuer !== undefined) {
    try {
      const isStored = inputs.given.every((given) => given.crl !== crl);
      if (inputs.signatures.isCrlSignedBy(crl, issuer.key, isStored)) {
        checkKeyUsage(issuer.certificate);
        return { key: issuer.key, until: Infinity, doubt: undefined };
      }
      failure = notSignedByIssuer(crl, issuer.certificate);
    } catch (error) {
      failure = passableFailure(error);
    }
  }
  const ofIssuer = failure;
  for (const holder of otherHolders(crl, issuer, inputs)) {
    inputs.signing.validation.budget.spendSteps(1);
    try {
      return trustedSigner(crl, certificate, holder, inputs);
    } catch (error) {
      const found = passableFailure(error);
      // Of two equal failures, the one of another holder tells more than that the issuer did not sign.
      const isAsTelling = failure === ofIssuer && failure?.code === found.code;
      if (failure === undefined || isAsTelling || isMoreSpecific(found, failure)) failure = found;
    }
  }
  throw asError(failure ?? nobody(crl));
}

/** Every available certificate with the CRL issuer's name, the likeliest first. */
function otherHolders(crl: CrlFacts, issuer: Issuer | undefined, inputs: RevocationInputs): Certificate[] {
  const { anchor, pool, validation } = inputs.signing;
  // The issuer's key was tried before and did not sign it.
  validation.budget.spendSteps(5 + (pool.length >> 4));
  const holders = [anchor, ...pool].filter(
    ({ certificate }) =>
      sameName(certificate.subject, crl.issuer) &&
      (issuer === undefined || Buffer.compare(certificate.spki, issuer.certificate.spki) !== 0),
  );
  return rank(crl, holders, validation.time).map(({ certificate }) => certificate);
}

function trustedSigner(
  crl: SignedCrl,
  certificate: Certificate,
  holder: Certificate,
  inputs: RevocationInputs,
): CrlSigner {
  const { signatures, signing } = inputs;
  const key = signatures.key(holder);
  if (!signatures.isCrlSignedBy(crl, key)) {
    throw new VerifyError('CRL_BAD_SIGNATURE', `the CRL's signature is not that of ${keyHolder(holder)}`);
  }
  checkKeyUsage(holder);
  if (holder === signing.anchor.certificate) return { key, until: Infinity, doubt: undefined };
  checkMayDelegate(holder);
  if (signing.inProgress.some((signer) => signer.key.id === key.id)) {
    checkCircle(crl, certificate, { certificate: holder, key }, inputs);
    return { key, until: Infinity, doubt: undefined };
  }
  if (signing.inProgress.length >= MAX_NESTING) {
    throw untrusted(holder, `its status hangs on more than ${MAX_NESTING} other signers of CRLs`);
  }
  const { until, forgiven } = standingOf({ certificate: holder, key }, inputs);
  return { key, until, doubt: forgiven[0] };
}

/** The signer's own path, its revocation included, as the profile judges every path; purpose and policies are not asked. */
function standingOf(signer: Issuer, inputs: RevocationInputs): SignerStatus {
  const { signing } = inputs;
  const nested = { ...inputs, signing: { ...signing, inProgress: [...signing.inProgress, signer] } };
  const path = findSignerPath(signer.certificate, inputs, (validated) => judge(validated, nested));
  if ('accepted' in path) return path.accepted;
  throw untrusted(
    signer.certificate,
    path.failure?.message ?? 'no path leads to the trust anchor of the certificate',
  );
}

/** Throws `VerifyError` when the revocation of the signer's path does not hold. */
function judge(validated: ValidatedPath, inputs: RevocationInputs): SignerStatus {
  const found = inputs.signing.standing(validated, inputs);
  if (found.failure !== undefined) throw asError(found.failure);
  const ends = validated.path.certificates.map(({ notAfter }) => notAfter);
  return { ...found, until: Math.min(found.until, ...ends) };
}

/**
 * The signer's own status depends on a CRL that it signed itself. That counts only if the certificate's issuer
 * delegated it to this signer by cRLIssuer in the signer's certificate, since there is no other source then.
 */
function checkCircle(
  crl: CrlFacts,
  certificate: Certificate,
  { certificate: holder, key }: Issuer,
  inputs: RevocationInputs,
): void {
  const innermost = inputs.signing.inProgress.at(-1);
  const isItself =
    innermost !== undefined &&
    innermost.key.id === key.id &&
    innermost.certificate.fingerprint === certificate.fingerprint;
  if (isItself && !mayBeSameName(crl.issuer, certificate.issuer)) return;
  throw new VerifyError(
    'CRL_ISSUER_UNTRUSTED',
    `whether ${keyHolder(holder)} may sign CRLs hangs on a CRL that it signed itself`,
  );
}

/** Whether a certificate other than the trust anchor may sign CRLs, by what it says itself; throws CRL_KEY_USAGE. */
export function checkMaySignCrls(holder: Certificate): void {
  checkKeyUsage(holder);
  checkMayDelegate(holder);
}

/** §6.3.3 (f): if the signer has a keyUsage extension, it must include cRLSign. */
function checkKeyUsage(holder: Certificate): void {
  const usage = holder.keyUsage;
  if (usage === undefined || (usage & KeyUsageBit.cRLSign) !== 0) return;
  throw new VerifyError('CRL_KEY_USAGE', `${keyHolder(holder)} may not sign CRLs`);
}

/** §4.2.1.3: signers of CRLs must have keyUsage; enforced only for signers that are not CAs. */
function checkMayDelegate(holder: Certificate): void {
  if (holder.keyUsage !== undefined || holder.basicConstraints?.ca === true) return;
  throw new VerifyError('CRL_KEY_USAGE', `${named(holder)} is no CA and does not say that it signs CRLs`);
}

function notSignedByIssuer(crl: CrlFacts, issuer: Certificate): Failure {
  const other = otherKeyNamed(crl, issuer);
  if (other !== undefined) {
    const message = `the CRL is signed with the key ${other}, and not with that of the issuer, ${keyHolder(issuer)}`;
    return { code: 'CRL_ISSUER_UNTRUSTED', message };
  }
  const message = `the CRL's signature is not that of the issuer, ${keyHolder(issuer)}`;
  return { code: 'CRL_BAD_SIGNATURE', message };
}

function nobody(crl: CrlFacts): Failure {
  const wanted = namedKey(crl);
  const which = wanted === undefined ? '' : ` (key ${identifierText(wanted)})`;
  const message = `there is no certificate of ${formatName(crl.issuer)}${which}, which issued the CRL`;
  return { code: 'CRL_ISSUER_UNTRUSTED', message };
}

function untrusted(holder: Certificate, why: string): VerifyError {
  return new VerifyError(
    'CRL_ISSUER_UNTRUSTED',
    `${keyHolder(holder)}, which signed the CRL, is not trusted: ${why}`,
  );
}

function asError({ code, message, section }: Failure): VerifyError {
  return new VerifyError(code, message, section);
}
