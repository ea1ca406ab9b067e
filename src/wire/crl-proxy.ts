/** The task of the CRL proxy, as the protocol gives it to the thread. */
export const CRL_PROXY_TASK = 'crlProxy';

export interface CrlProxyRequest {
  /** The absolute URL that the client wrote. */
  readonly url: string;
  /** What it says of the proxies on the way. */
  readonly via: string;
  /** It wants the source asked again: `no-cache`. */
  readonly revalidate: boolean;
  /** It wants nobody asked: `only-if-cached`. */
  readonly onlyStored: boolean;
}

/** What the thread answers: a CRL of the store, or why not. */
export type CrlProxyAnswer = { readonly via: string } & (
  | {
      readonly kind: 'crl';
      /** Where its bytes are, and how many. */
      readonly path: string;
      readonly size: number;
      readonly version: string;
      /** ms */
      readonly thisUpdate: number;
      /** ms since its source gave it or said that it still holds, and that an answer is fresh, from then on. */
      readonly age: number;
      readonly lifetime: number;
    }
  | { readonly kind: 'refused'; readonly status: 403 | 504 | 508; readonly message: string }
);
