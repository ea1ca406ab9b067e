/** The task of the CRL proxy, as the protocol gives it to the thread. */
export const CRL_PROXY_TASK = 'crlProxy';

export interface CrlProxyRequest {
  /** The absolute URL that the client asks for. */
  readonly url: string;
  /** The value of its field Via. */
  readonly via: string;
  /** The source is to be asked again: `no-cache`. */
  readonly revalidate: boolean;
  /** The source must not be asked: `only-if-cached`. */
  readonly onlyStored: boolean;
}

/** What the thread answers: a CRL of the store, or why not. */
export type CrlProxyAnswer = { readonly via: string } & (
  | {
      readonly kind: 'crl';
      /** The file of its bytes, and their number. */
      readonly path: string;
      readonly size: number;
      readonly version: string;
      /** ms */
      readonly thisUpdate: number;
      /**
       * `age`: ms since its source gave or confirmed it. `lifetime`: ms from that time for which the answer is fresh.
       */
      readonly age: number;
      readonly lifetime: number;
    }
  | { readonly kind: 'refused'; readonly status: 403 | 504 | 508; readonly message: string }
);
