/** The types of the engine's answer, the same for every protocol. */
export type VerdictStatus = 'valid' | 'invalid' | 'indeterminate';

/**
 * Every code, with its status, the section that defines it (of RFC 5280 unless named) and what it means. The words are
 * stable; messages are not. docs/verdict-codes.md is written from it. Rank is the order in this table: of several failed paths, the failure further down is
 * reported within its status (see verify/verdict.ts).
 */
export const VERDICT_CODES = {
  OK: [
    'valid',
    '6.1.5',
    'The path holds, and no certificate of it is revoked; or the certificate is itself a trust anchor, and the profile has `trust.leaf`.',
  ],
  OK_SOFT: ['valid', 'fail mode soft', 'The path holds; that a revocation status is not known was forgiven.'],

  NO_PATH: [
    'invalid',
    'RFC 4158',
    'No chain of names and signatures leads from the certificate to a trust anchor.',
  ],
  LEAF_IS_ANCHOR: [
    'invalid',
    'RFC 4158',
    'The certificate is itself a trust anchor, so there is no path to validate, and the profile does not have `trust.leaf`.',
  ],
  NAME_CHAINING: [
    'invalid',
    '6.1.3 (a)(4)',
    'The issuer of a certificate is not the subject of the one above it.',
  ],
  BAD_SIGNATURE: ['invalid', '6.1.3 (a)(1)', "A certificate's signature is not its issuer's."],
  MALFORMED: ['invalid', '4.1', 'A certificate, or one of its known extensions, is no DER of its type.'],
  DUPLICATE_EXTENSION: ['invalid', '4.2', 'A certificate has the same extension twice.'],
  ALGORITHM_MISMATCH: [
    'invalid',
    '4.1.1.2',
    'The signature algorithm named outside differs from the signed one.',
  ],
  BAD_KEY: [
    'invalid',
    '4.1.2.7',
    'A public key is broken, too small, too large, or of parameters that are refused.',
  ],
  WEAK_KEY: [
    'invalid',
    'profile',
    'A public key is weaker than the profile allows, or of a kind that it does not allow.',
  ],
  WEAK_SIGNATURE: [
    'invalid',
    'profile',
    'A signature is made with an algorithm that the profile does not allow.',
  ],
  EXPIRED: ['invalid', '6.1.3 (a)(2)', 'A certificate is no longer valid at the instant asked for.'],
  NOT_YET_VALID: ['invalid', '6.1.3 (a)(2)', 'A certificate is not yet valid at the instant asked for.'],
  NOT_A_CA: ['invalid', '6.1.4 (k)', 'A certificate issues others and is no CA.'],
  PATH_LENGTH: ['invalid', '6.1.4 (l)', 'The path is longer than a CA of it, or the profile, allows.'],
  KEY_USAGE: ['invalid', '6.1.4 (n)', 'A keyUsage extension does not allow what the key is used for.'],
  NAME_CONSTRAINT: ['invalid', '6.1.3 (b)(c)', 'A name is outside what a CA above may certify.'],
  NAME_FORM_UNSUPPORTED: [
    'invalid',
    '4.2.1.10',
    'A name is of a form that a CA above constrains and that is not understood.',
  ],
  NO_VALID_POLICY: [
    'invalid',
    '6.1.3 (f), 6.1.5 (g)',
    'A policy is asked for, and none holds for the whole path.',
  ],
  MAPPING_ANY_POLICY: ['invalid', '6.1.4 (a)', 'A CA maps anyPolicy, or maps another policy to it.'],
  CRITICAL_EXTENSION: [
    'invalid',
    '6.1.4 (o), 6.1.5 (f)',
    'A certificate has a critical extension, or policy qualifier in one, that is not understood.',
  ],
  PURPOSE: ['invalid', '4.2.1.12', 'A certificate is not for the key purpose asked for.'],
  PEER_NAME: ['invalid', 'RFC 9525', 'The certificate does not name what was asked for.'],
  PROFILE_RULE: [
    'invalid',
    'profile',
    'A certificate breaks a rule that the profile adds; the message names the rule.',
  ],
  REVOKED: ['invalid', '6.1.3 (a)(3)', 'A certificate of the path is revoked.'],

  INTERNAL: ['indeterminate', 'pkixd', 'A defect of pkixd, or a process that died over the request.'],
  TIMEOUT: ['indeterminate', 'pkixd', 'The request took longer than it may.'],
  BUDGET_EXCEEDED: ['indeterminate', 'pkixd', 'The request would cost more work than one may.'],
  UNSUPPORTED_ALGORITHM: ['indeterminate', '4.1.1.2', 'A key or signature algorithm is not supported here.'],
  FETCH_REFUSED: ['indeterminate', 'pkixd', 'A CRL lies where pkixd may not fetch it.'],
  FETCH_FAILED: ['indeterminate', 'pkixd', 'A CRL could not be fetched.'],
  CRL_NONE: ['indeterminate', '6.3.3 (a)', 'There is no CRL for a certificate of the path.'],
  OCSP_STALE: [
    'indeterminate',
    'RFC 6960 3.2',
    'The OCSP response there is has passed its time, or does not say when that is.',
  ],
  OCSP_UNUSABLE: [
    'indeterminate',
    'RFC 6960 3.2',
    'An OCSP response is broken, or its signer is nobody who may tell of the certificate.',
  ],
  CRL_MALFORMED: [
    'indeterminate',
    '5.1, 5.3.3',
    'A CRL is not DER of its type, or lists the serial number under a name that cannot be compared; or CRLs of its scope that it cannot be ordered with were not kept.',
  ],
  CRL_CRITICAL_EXTENSION: [
    'indeterminate',
    '5.2, 5.3',
    'A CRL, or an entry of it, has a critical extension that is not understood.',
  ],
  CRL_SCOPE: ['indeterminate', '6.3.3 (b)', 'The CRLs there are do not cover the certificate.'],
  DELTA_MISMATCH: ['indeterminate', '6.3.3 (c)', 'A delta CRL does not fit the base CRL there is.'],
  CRL_ISSUER_UNTRUSTED: [
    'indeterminate',
    '6.3.3 (f)',
    "No path leads from a CRL's signer to the trust anchor of the certificate.",
  ],
  CRL_KEY_USAGE: ['indeterminate', '6.3.3 (f)', "The keyUsage of a CRL's signer lacks cRLSign."],
  CRL_BAD_SIGNATURE: ['indeterminate', '6.3.3 (g)(h)', "A CRL's signature is not its signer's."],
  CRL_NOT_YET_VALID: ['indeterminate', '5.1.2.4', 'A CRL begins after the instant asked for.'],
  CRL_NO_NEXT_UPDATE: [
    'indeterminate',
    '5.1.2.5',
    'A CRL does not say when the next one comes, and the profile sets no age for it.',
  ],
  CRL_STALE: ['indeterminate', '5.1.2.5', 'The next CRL is overdue.'],
  CRL_REASONS_INCOMPLETE: [
    'indeterminate',
    '6.3.3 (l)',
    'The CRLs there are do not cover every reason for a revocation.',
  ],
  REVOCATION_AT_UNKNOWN: [
    'indeterminate',
    '3.3',
    'No CRL says what was revoked at the past instant asked for.',
  ],
  OCSP_UNKNOWN: [
    'indeterminate',
    'RFC 6960 2.2',
    'The OCSP responder does not know the certificate, and no CRL tells of it.',
  ],
  FETCH_LIMIT: [
    'indeterminate',
    'pkixd',
    'A CRL was not asked for: the request lacked more CRLs than are fetched for one.',
  ],
} as const satisfies Record<string, readonly [VerdictStatus, string, string]>;

export type VerdictCode = keyof typeof VERDICT_CODES;

export interface Verdict {
  readonly status: VerdictStatus;
  readonly code: VerdictCode;
  /** For people; may change between releases. */
  readonly message: string;
  /**
   * The subject of the certificate in question in the form of RFC 4514, long names cut; `null` if the certificate
   * cannot be read.
   */
  readonly subject: string | null;
  /** Its issuer, likewise. */
  readonly issuer: string | null;
  /** Its serial number: upper-case hexadecimal, as `openssl x509 -serial` prints it. */
  readonly serial: string | null;
  /** SHA-256 of each certificate of the path as lower-case hex, leaf first, trust anchor last; empty without one. */
  readonly path: readonly string[];
  /** The revocation status of each certificate of the path that was checked. */
  readonly revocation: readonly RevocationEvidence[];
  /** The user-constrained policy set of §6.1.5, as dotted OIDs. */
  readonly policies: readonly string[];
  /** ISO 8601, UTC. */
  readonly checkedAt: string;
  /** The end of this verdict as far as it is known: the earliest notAfter or nextUpdate; ISO 8601, UTC. */
  readonly validUntil: string | null;
}

/** The value of `source` if an OCSP response of the request is the evidence. */
export const OCSP_SOURCE = 'ocsp';

export interface RevocationEvidence {
  /** SHA-256 of the certificate, lower-case hex. */
  readonly cert: string;
  /**
   * The origin of the CRL: `request`, a URL or a file; `ocsp` for an OCSP response of the request. `null` without
   * evidence.
   */
  readonly source: string | null;
  readonly thisUpdate: string | null;
  readonly nextUpdate: string | null;
  /** The CRL number (§5.2.3), decimal. */
  readonly number: string | null;
  readonly state: 'good' | 'revoked' | 'unknown';
  /** §5.3.1, by its name in the RFC. */
  readonly reason?: string;
  /** revocationDate, ISO 8601. */
  readonly date?: string;
}
