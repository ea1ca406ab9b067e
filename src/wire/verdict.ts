/** §6 of the design in types: what the engine answers, the same on every protocol. */
export type VerdictStatus = 'valid' | 'invalid' | 'indeterminate';

/**
 * Every code, with its status and the section that defines it (of RFC 5280 unless named). The words are stable;
 * messages are not. Rank is the order in this table: of several failed paths, the failure further down is
 * reported within its status (see verify/verdict.ts).
 */
export const VERDICT_CODES = {
  OK: ['valid', '6.1.5'],
  OK_SOFT: ['valid', 'fail mode soft'],

  NO_PATH: ['invalid', 'RFC 4158'],
  LEAF_IS_ANCHOR: ['invalid', 'RFC 4158'],
  NAME_CHAINING: ['invalid', '6.1.3 (a)(4)'],
  BAD_SIGNATURE: ['invalid', '6.1.3 (a)(1)'],
  MALFORMED: ['invalid', '4.1'],
  DUPLICATE_EXTENSION: ['invalid', '4.2'],
  ALGORITHM_MISMATCH: ['invalid', '4.1.1.2'],
  BAD_KEY: ['invalid', '4.1.2.7'],
  WEAK_KEY: ['invalid', 'profile'],
  WEAK_SIGNATURE: ['invalid', 'Baseline Requirements'],
  EXPIRED: ['invalid', '6.1.3 (a)(2)'],
  NOT_YET_VALID: ['invalid', '6.1.3 (a)(2)'],
  NOT_A_CA: ['invalid', '6.1.4 (k)'],
  PATH_LENGTH: ['invalid', '6.1.4 (l)'],
  KEY_USAGE: ['invalid', '6.1.4 (n)'],
  NAME_CONSTRAINT: ['invalid', '6.1.3 (b)(c)'],
  NAME_FORM_UNSUPPORTED: ['invalid', '4.2.1.10'],
  NO_VALID_POLICY: ['invalid', '6.1.3 (f), 6.1.5 (g)'],
  MAPPING_ANY_POLICY: ['invalid', '6.1.4 (a)'],
  CRITICAL_EXTENSION: ['invalid', '6.1.4 (o), 6.1.5 (f)'],
  PURPOSE: ['invalid', '4.2.1.12'],
  PEER_NAME: ['invalid', 'RFC 9525'],
  PROFILE_RULE: ['invalid', 'profile'],
  REVOKED: ['invalid', '6.1.3 (a)(3)'],

  INTERNAL: ['indeterminate', 'pkixd'],
  TIMEOUT: ['indeterminate', 'pkixd'],
  BUDGET_EXCEEDED: ['indeterminate', 'pkixd'],
  UNSUPPORTED_ALGORITHM: ['indeterminate', '4.1.1.2'],
  UNSUPPORTED_FEATURE: ['indeterminate', 'pkixd'],
  FETCH_REFUSED: ['indeterminate', 'pkixd'],
  FETCH_FAILED: ['indeterminate', 'pkixd'],
  CRL_NONE: ['indeterminate', '6.3.3 (a)'],
  CRL_MALFORMED: ['indeterminate', '5.1'],
  CRL_CRITICAL_EXTENSION: ['indeterminate', '5.2, 5.3'],
  CRL_SCOPE: ['indeterminate', '6.3.3 (b)'],
  DELTA_MISMATCH: ['indeterminate', '6.3.3 (c)'],
  CRL_ISSUER_UNTRUSTED: ['indeterminate', '6.3.3 (f)'],
  CRL_KEY_USAGE: ['indeterminate', '6.3.3 (f)'],
  CRL_BAD_SIGNATURE: ['indeterminate', '6.3.3 (g)(h)'],
  CRL_NOT_YET_VALID: ['indeterminate', '5.1.2.4'],
  CRL_NO_NEXT_UPDATE: ['indeterminate', '5.1.2.5'],
  CRL_STALE: ['indeterminate', '5.1.2.5'],
  CRL_REASONS_INCOMPLETE: ['indeterminate', '6.3.3 (l)'],
  REVOCATION_AT_UNKNOWN: ['indeterminate', '3.3'],
} as const satisfies Record<string, readonly [VerdictStatus, string]>;

export type VerdictCode = keyof typeof VERDICT_CODES;

export interface Verdict {
  readonly status: VerdictStatus;
  readonly code: VerdictCode;
  /** For people; may change between releases. */
  readonly message: string;
  /** SHA-256 of each certificate of the path as lower-case hex, leaf first, trust anchor last; empty without one. */
  readonly path: readonly string[];
  /** What was found on the revocation of each certificate of the path that was asked for. */
  readonly revocation: readonly RevocationEvidence[];
  /** The user-constrained policy set of §6.1.5, as dotted OIDs. */
  readonly policies: readonly string[];
  /** ISO 8601, UTC. */
  readonly checkedAt: string;
  /** Until when nothing known today ends this verdict: the least of notAfter and nextUpdate; ISO 8601, UTC. */
  readonly validUntil: string | null;
}

export interface RevocationEvidence {
  /** SHA-256 of the certificate, lower-case hex. */
  readonly cert: string;
  /** Where the CRL came from: `request`, or a file. `null` without one. */
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
