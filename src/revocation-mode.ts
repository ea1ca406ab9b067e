/**
 * What an unknown revocation status means. Both the configuration and requests use it, so it lies at the lowest floor.
 * `hard`: the verdict is indeterminate; `grace`: a stale CRL serves a while longer; `soft`: missing is forgiven; `off`:
 * not asked.
 */
export const REVOCATION_MODES = ['hard', 'grace', 'soft', 'off'] as const;
export type RevocationMode = (typeof REVOCATION_MODES)[number];
