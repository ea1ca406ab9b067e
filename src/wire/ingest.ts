import type { WantedCrl } from './crl.js';

/** A CRL to be checked and stored. */
export interface IngestRequest {
  /** DER in memory, or a file of DER or PEM that the ingest thread reads itself. The bytes are transferred. */
  readonly content: { readonly der: Uint8Array } | { readonly path: string };
  /** For people and in verdicts: the URL or the file. */
  readonly source: string;
  /** SubjectPublicKeyInfo, DER, of the possible signers; one of them must have signed it. */
  readonly signers: readonly Uint8Array[];
  /** The want that it was fetched for and must match; absent for an import. */
  readonly wanted?: Omit<WantedCrl, 'signers'>;
  /** The content that was refused from this source for the same want; it is not checked again. */
  readonly refused?: RefusedContent | undefined;
}

/** SHA-256 of refused content, hex, and why it was refused. */
export interface RefusedContent {
  readonly digest: string;
  readonly code: string;
  readonly message: string;
}

/** A description of a stored CRL, for people and for refreshing. */
export interface CrlSummary {
  /** The key of its place in the store, hex; a newer CRL of the same issuer, signer and scope has the same key. */
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
  /** ms: when it was stored. */
  readonly storedAt: number;
  /** SHA-256 of its signer's SubjectPublicKeyInfo, hex. */
  readonly signerId: string;
  /** SHA-256 of its header, hex: tells CRLs of the same time and number apart. */
  readonly content: string;
  /** The octets that it takes in the store. */
  readonly bytes: number;
  /** How its successor is fetched; `undefined` if it was not fetched. */
  readonly wanted: WantedCrl | undefined;
}

export type IngestOutcome =
  | {
      readonly kind: 'stored';
      readonly crl: CrlSummary;
      /** Stored with a warning for operators: a later CRL with a lower number. */
      readonly warning?: string;
    }
  /** The store has this one (`same`) or a newer one; `crl` is the stored one, unless it was evicted. */
  | { readonly kind: 'notNewer'; readonly age: 'same' | 'older'; readonly crl: CrlSummary | null }
  /** `code` is a verdict code, or STORE_FAILED when the store and not the CRL is at fault. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      /** SHA-256 of the content, hex, if the content itself is refused and will be again. */
      readonly digest?: string;
      /** For any want. */
      readonly isForAll?: boolean;
    };

/** The progress of an ingestion, in octets of the CRL. */
export interface IngestProgress {
  readonly done: number;
  readonly total: number;
}

/** Refusals in a row of the content of a URL that should have a newer CRL; `at` is the time of the last, ms. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly at: number;
}

/** The record of a URL that CRLs are fetched from. */
export interface UrlRecord {
  /** HTTP validators of the last answer whose CRL was accepted. */
  readonly etag?: string;
  readonly lastModified?: string;
  /** The key of the CRL that it gave. */
  readonly crl?: string;
  /** The want of its last success, or for which a verified chain names it; kept if there is a CRL proxy. */
  readonly wanted?: WantedCrl;
  /** ms that the last answer had spent in caches on the way, by its field Age. */
  readonly age?: number;
  /** ms: the last success, 304 included. */
  readonly fetchedAt: number | null;
  /**
   * Set if the last success came from another host by Redis: when that host asked the server, and since when this host
   * has not asked it, ms.
   */
  readonly secondHand?: { readonly answeredAt: number; readonly since: number };
  /** ms: since when its content is being checked and stored; it remains if the process ended in between. */
  readonly checking?: number;
  /** SHA-256 of its refused content, hex; the same content is not checked again. */
  readonly refused?: string;
  /** Its present content is refused while the earlier CRL of the same scope stays in use; for `crl check`. */
  readonly refusal?: Refusal;
  /** Failures in a row. */
  readonly failures: number;
  /** ms: the time of the last failure. */
  readonly failedAt?: number;
  /** ms: the earliest time of the next attempt. */
  readonly retryAt: number;
  /** Why the last attempt failed: a verdict code, and a text. */
  readonly code?: string;
  readonly message?: string;
}

/** The options of the ingest thread. */
export interface IngestSetup {
  readonly dataDirectory: string;
  /** `crl.maxStoreSize` */
  readonly maxBytes: number;
  /** Whether the CRLs' own bytes are kept, for a CRL proxy. */
  readonly keepsDer: boolean;
  /** ms: `crl.ingestTimeout` */
  readonly budget: number;
}

/** Requests of the IO loop to the ingest thread; each is answered with its id. */
export type ToIngest = { readonly id: number } & (
  | { readonly type: 'ingest'; readonly request: IngestRequest }
  | { readonly type: 'remove'; readonly key: string }
  | { readonly type: 'note'; readonly url: string; readonly record: UrlRecord }
  | { readonly type: 'learn'; readonly url: string; readonly wanted: WantedCrl }
  | { readonly type: 'acquireLease'; readonly name: string; readonly duration: number }
  | { readonly type: 'releaseLease'; readonly name: string }
  | { readonly type: 'close' }
);

/** The messages of a process's store readers to its ingest thread, on a `BroadcastChannel`. */
export const STORE_NOTES = 'pkixd CRL store';
export type StoreNote =
  /** A CRL is in use, by its key. */
  | { readonly type: 'used'; readonly key: string }
  /** The environment of this identity is damaged. */
  | { readonly type: 'damaged'; readonly identity: string }
  /** A record of it cannot be read. */
  | { readonly type: 'odd' };

export type FromIngest =
  /** The thread is loaded and opens the store, which another process may have locked. */
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
