/** The step by which a task in a thread has issuers' certificates fetched. */
export const ISSUERS_STEP = 'fetchIssuers';

/** The certificates that a request got for missing issuers; passed from one attempt to the next. */
export interface FetchedIssuers {
  /** URLs that were asked, with or without success. */
  readonly asked: readonly string[];
  readonly rounds: number;
  /** DER, in the order in which they came. */
  readonly certificates: readonly Uint8Array[];
  /** Failures; each names its URL. */
  readonly failures: readonly string[];
}

/**
 * The caIssuers URLs of one certificate without an issuer, in order; each is a location of the issuer's certificate.
 */
export type WantedIssuer = readonly string[];
