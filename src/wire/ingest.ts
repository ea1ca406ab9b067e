import type { WantedCrl } from './crl.js';

/** A CRL for the store, from whoever has its bytes. */
export interface IngestRequest {
  /** DER in memory, or a file of DER or PEM that the ingest thread reads itself. The bytes are gone afterwards. */
  readonly content: { readonly der: Uint8Array } | { readonly path: string };
  /** For people and in verdicts: the URL or the file. */
  readonly source: string;
  /** SubjectPublicKeyInfo, DER, of whoever may have signed it; one of them must have. */
  readonly signers: readonly Uint8Array[];
  /** What it was fetched for, and so must be; absent where nobody asked for it, as in an import. */
  readonly wanted?: Omit<WantedCrl, 'signers'>;
  /** What was refused of this source for the same want: not looked at again. */
  readonly refused?: RefusedContent | undefined;
}

/** Content by its SHA-256, hex, and why it was refused. */
export interface RefusedContent {
  readonly digest: string;
  readonly code: string;
  readonly message: string;
}

/** What a CRL of the store is, for people and for whoever keeps it fresh. */
export interface CrlSummary {
  /** Of its place in the store, hex: a newer CRL of the same issuer, signer and scope takes the same. */
  readonly key: string;
  /** DER */
  readonly issuer: Uint8Array;
  /** ms */
  readonly thisUpdate: number;
  readonly nextUpdate: number | null;
  readonly number: bigint | null;
  readonly isDelta: boolean;
  readonly entries: number;
  readonly source: string;
  /** ms: when it was taken in. */
  readonly storedAt: number;
  /** SHA-256 of its signer's SubjectPublicKeyInfo, hex. */
  readonly signerId: string;
  /** Which CRL it is, of those of one time and number: SHA-256 of its header, hex. */
  readonly content: string;
  /** What it takes in the store. */
  readonly bytes: number;
  /** How its successor is got; `undefined` where nobody fetched it. */
  readonly wanted: WantedCrl | undefined;
}

export type IngestOutcome =
  | {
      readonly kind: 'stored';
      readonly crl: CrlSummary;
      /** Taken, but an operator should know: a later CRL with a lower number. */
      readonly warning?: string;
    }
  /** The store has this one (`same`) or a newer one; `crl` is what it has, if that was not evicted. */
  | { readonly kind: 'notNewer'; readonly age: 'same' | 'older'; readonly crl: CrlSummary | null }
  /** `code` is a verdict code, or STORE_FAILED when the store and not the CRL is at fault. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      /** SHA-256 of the content, hex, where it is this that is refused, and will be whenever it comes. */
      readonly digest?: string;
      /** Whoever wants it. */
      readonly isForAll?: boolean;
    };

/** How far an ingestion is, in octets of the CRL. */
export interface IngestProgress {
  readonly done: number;
  readonly total: number;
}

/** Refusals in a row of what a URL has in place of a newer CRL; `at` is the last of them, ms. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly at: number;
}

/** What is remembered of a URL that CRLs are fetched from. */
export interface UrlRecord {
  /** Validators of the last answer whose CRL was taken. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** The key of the CRL that it had. */
  readonly crl?: string;
  /** What it was last asked for with success, or is named for by a verified chain: kept where others are served. */
  readonly wanted?: WantedCrl;
  /** ms that the last answer had lain in caches on the way, as far as they tell. */
  readonly age?: number;
  /** ms: the last success, 304 included. */
  readonly fetchedAt: number | null;
  /**
   * Where that was another host's word and not the URL's server: when that host had asked, and since when nobody of
   * this host has, ms.
   */
  readonly hearsay?: { readonly answeredAt: number; readonly since: number };
  /** ms: since when what it has is being checked and stored; it stays where the process did not outlive that. */
  readonly checking?: number;
  /** SHA-256 of what it had, hex, where that was refused: the same is not looked at again. */
  readonly refused?: string;
  /** What it has now is refused, while the earlier CRL of the same scope serves on: for `crl check`. */
  readonly refusal?: Refusal;
  /** In a row. */
  readonly failures: number;
  /** ms: the last of them. */
  readonly failedAt?: number;
  /** ms: not before. */
  readonly retryAt: number;
  /** Why the last attempt failed: a verdict code, and a text. */
  readonly code?: string;
  readonly message?: string;
}

/** What the ingest thread starts with. */
export interface IngestSetup {
  readonly dataDirectory: string;
  /** `crl.maxStoreSize` */
  readonly maxBytes: number;
  /** The CRLs' own bytes are kept, for whoever serves them on. */
  readonly keepsDer: boolean;
  /** ms: `crl.ingestTimeout` */
  readonly budget: number;
}

/** What the IO loop asks of the ingest thread; each is answered under its id. */
export type ToIngest = { readonly id: number } & (
  | { readonly type: 'ingest'; readonly request: IngestRequest }
  | { readonly type: 'remove'; readonly key: string }
  | { readonly type: 'note'; readonly url: string; readonly record: UrlRecord }
  | { readonly type: 'learn'; readonly url: string; readonly wanted: WantedCrl }
  | { readonly type: 'acquireLease'; readonly name: string; readonly duration: number }
  | { readonly type: 'releaseLease'; readonly name: string }
  | { readonly type: 'close' }
);

/** Where the readers of a process leave word for its ingest thread: a `BroadcastChannel`, and what is said there. */
export const STORE_NOTES = 'pkixd CRL store';
export type StoreNote =
  /** A CRL is in use, by its key. */
  | { readonly type: 'used'; readonly key: string }
  /** The environment of this identity is not what was written. */
  | { readonly type: 'damaged'; readonly identity: string }
  /** A record of it is odd. */
  | { readonly type: 'odd' };

export type FromIngest =
  /** The thread is loaded and opens the store, which another process may hold. */
  | { readonly type: 'opening' }
  /** The store is open for writing. */
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly id: number; readonly progress: IngestProgress }
  | { readonly type: 'done'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | {
      readonly type: 'log';
      readonly level: 'warn' | 'info';
      readonly message: string;
      readonly detail?: string;
    };
