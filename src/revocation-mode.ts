/**
 * What an unknown revocation status means. A word that the configuration and each request share, hence down here.
 * `hard`: unknown is no; `grace`: a stale CRL serves a while longer; `soft`: missing is forgiven; `off`: not asked.
 */
export const REVOCATION_MODES = ['hard', 'grace', 'soft', 'off'] as const;
export type RevocationMode = (typeof REVOCATION_MODES)[number];
