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

export const REMOVE_FROM_CRL = REASONS.indexOf('removeFromCRL');
/** The entry gives no reason. */
export const NO_REASON = -1;

/** `undefined` for `NO_REASON`, and for what §5.3.1 does not know. */
export function reasonOf(code: number): RevocationReason | undefined {
  return REASONS[code];
}

export function codeOfReason(reason: RevocationReason): number {
  return REASONS.indexOf(reason);
}
