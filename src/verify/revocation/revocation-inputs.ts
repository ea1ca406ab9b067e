import type { RevocationMode } from '../../revocation-mode.js';
import type { Certificate } from '../../x509/certificate.js';
import type { BasicOcspResponse } from '../../x509/ocsp.js';
import type { CaKey } from '../keys/ca-key.js';
import type { Failure } from '../failure.js';
import type { Signatures } from '../keys/signatures.js';
import type { TrustAnchor } from '../trust-store.js';
import type { ValidationInputs, ValidatedPath } from '../path/path-state.js';
import type { CrlSource, CandidateCrl } from '../crl-source.js';
import type { StatusFinding } from './finding.js';

/** The issuer of the certificate in question: its key, and its certificate. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: CaKey;
}

/** A certificate whose status is asked, in its place on the path. */
export interface Subject {
  readonly certificate: Certificate;
  readonly issuer: Issuer;
  /** The certificates above it, its issuer first; the anchor is not among them. */
  readonly above: readonly Certificate[];
}

/** The OCSP responses of the request. */
export interface OcspInputs {
  readonly responses: readonly BasicOcspResponse[];
  /** Why others could not be read. */
  readonly broken: readonly string[];
  /** The error status of responses without an answer (RFC 6960 §4.2.1), for instance `tryLater`. */
  readonly refusals: readonly string[];
}

/** The inputs of §6.3.1, and those of the profile. There is no use-deltas: available deltas are used. */
export interface RevocationInputs {
  readonly mode: RevocationMode;
  /** ms. */
  readonly now: number;
  /** A past instant in place of now (ms, whole seconds). */
  readonly at: number | undefined;
  /** ms past nextUpdate that a CRL still serves. */
  readonly grace: number;
  /** ms that a CRL without nextUpdate serves from its thisUpdate; `null`: not at all. */
  readonly maxAge: number | null;
  readonly stored: CrlSource;
  /** The request's own. */
  readonly given: readonly CandidateCrl[];
  /** Why CRLs of the request were set aside. */
  readonly broken: readonly string[];
  /** `undefined` when the request has none. */
  readonly ocsp: OcspInputs | undefined;
  readonly signatures: Signatures;
  readonly signing: SigningInputs;
  /** Gathers missing CRLs, if they can be fetched. */
  readonly wants?: CrlWatch | undefined;
}

/** Told of every finding on a certificate; see `CrlWants`. */
export interface CrlWatch {
  found(
    certificate: Certificate,
    issuer: Issuer,
    finding: StatusFinding,
    inputs: RevocationInputs,
  ): Failure | undefined;
}

/** §6.3.3 (f): what it takes to validate the path of a CRL's signer. */
export interface SigningInputs {
  /** That of the path in question: a CRL's signer must stand under the same. */
  readonly anchor: TrustAnchor;
  readonly pool: readonly { readonly certificate: Certificate }[];
  readonly validation: ValidationInputs;
  /** The signers whose own revocation is being asked for now, the innermost last. */
  readonly inProgress: readonly Issuer[];
  /** Asks for the revocation of a signer's path. Passed in, for it asks for CRLs in its turn. */
  readonly standing: (validated: ValidatedPath, inputs: RevocationInputs) => SignerStatus;
}

/** The revocation result of a signer's path. */
export interface SignerStatus {
  readonly failure: Failure | undefined;
  readonly forgiven: readonly Failure[];
  /** ms */
  readonly until: number;
}
