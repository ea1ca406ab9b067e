/** RFC 5280 §5.3.1, by number. */
const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

export type RevocationReason = Exclude<(typeof REASONS)[number], undefined>;

/** A bit for each code. */
const KNOWN = REASONS.reduce((bits, reason, code) => (reason === undefined ? bits : bits | (1 << code)), 0);
const UNSPECIFIED = REASONS.indexOf('unspecified');
export const REMOVE_FROM_CRL = REASONS.indexOf('removeFromCRL');
/** The entry gives no reason. */
export const NO_REASON = -1;

/** `undefined` for `NO_REASON` alone. */
export function reasonOf(code: number): RevocationReason | undefined {
  return code === NO_REASON ? undefined : REASONS[knownCode(code)];
}

/**
 * The code itself, or that of `unspecified` for one that §5.3.1 does not know: X.509 of 2019 has weakAlgorithmOrKey (11),
 * and others may follow. The entry revokes, whatever its reason.
 */
export function knownCode(code: number): number {
  return code < REASONS.length && (KNOWN & (1 << code)) !== 0 ? code : UNSPECIFIED;
}
