/** The step by which a task in a thread has issuers' certificates fetched. */
export const ISSUERS_STEP = 'fetchIssuers';

/** What a request got of the issuers that it lacked; it goes along from one attempt to the next. */
export interface FetchedIssuers {
  /** URLs that were asked, whatever came of it. */
  readonly asked: readonly string[];
  readonly rounds: number;
  /** DER, as they came. */
  readonly certificates: readonly Uint8Array[];
  /** Why others did not come; each names its URL. */
  readonly failures: readonly string[];
}

/** Of one certificate without an issuer the URLs that its caIssuers name, in order: any of them has it. */
export type WantedIssuer = readonly string[];
