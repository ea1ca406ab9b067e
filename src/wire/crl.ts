import type { FetchedIssuers, WantedIssuer } from './issuers.js';
import type { VerdictCode } from './verdict.js';

/**
 * A CRL that a verification misses: where the certificate says that it lies, and who must have signed it. It travels
 * from the task thread to the service that supplies CRLs, as msgpack.
 */
export interface WantedCrl {
  /** The CRL issuer's Name, DER. */
  readonly issuer: Uint8Array;
  /** The URIs of one distribution point, in its order: any of them has the CRL. */
  readonly uris: readonly string[];
  /** Named by a freshestCRL extension (§5.2.6, §4.2.1.15): a delta CRL. */
  readonly isDelta: boolean;
  /** The SubjectPublicKeyInfo of each candidate signer, DER; a CRL that none of them signed is not taken. */
  readonly signers: readonly Uint8Array[];
  /** A place that the configuration names for this issuer, in place of `uris`: whatever CRL of it lies there. */
  readonly source?: string;
  /** ms from its thisUpdate after which a CRL is out of date, whatever its nextUpdate is; absent: never. */
  readonly maxAge?: number;
}

/** Why a CRL did not come. */
export interface FetchFailure {
  readonly url: string;
  /** FETCH_FAILED, FETCH_REFUSED, what is wrong with the CRL that came, or FETCH_LIMIT for a URL never asked. */
  readonly code: Exclude<VerdictCode, 'OK' | 'OK_SOFT'>;
  /** Names the URL and says why. */
  readonly message: string;
}

/** The step by which a task in a thread has CRLs supplied, and the notice that it used some. */
export const SUPPLY_STEP = 'supplyCrls';
export const USED_NOTICE = 'usedCrls';
/** The notice that a large CRL of the folder is to be taken into the store: a `FolderCrl`. */
export const FOLDER_NOTICE = 'folderCrl';

/** A file of `crl.directory`. */
export interface FolderCrl {
  readonly path: string;
  /** Who may have signed it: SubjectPublicKeyInfo, DER. */
  readonly signers: readonly Uint8Array[];
}

/** What an operator can order of that service: which CRLs it knows how to get, and to get one now. */
export const KNOWN_ORDER = 'knownCrls';
export const FETCH_ORDER = 'fetchCrl';

/** A CRL to be fetched, from the first of these URLs that has it. */
export interface FetchOrder {
  readonly wanted: WantedCrl;
  readonly urls: readonly string[];
}

export interface KnownRequest {
  /** Only what is had from there; all, when absent. */
  readonly url?: string;
  /** Where in the list to begin: a reply holds a part of it. */
  readonly from: number;
}

export interface KnownReply {
  readonly orders: readonly FetchOrder[];
  /** Where the rest begins; `null` at the end. */
  readonly next: number | null;
}

/** What came of a FetchOrder. */
export interface FetchReport {
  /** Of the URLs that were asked and did not have it. */
  readonly failures: readonly FetchFailure[];
  /** Absent when none had it. */
  readonly taken?: {
    readonly url: string;
    /** What was there from the URL before is older. */
    readonly isNew: boolean;
    /** What is there from it now; `null`: the store has the same, or a newer one, from elsewhere. */
    readonly crl: {
      readonly number: string | null;
      /** ms */
      readonly thisUpdate: number;
      readonly nextUpdate: number | null;
    } | null;
  };
}

/** What a request was supplied with so far; it goes along from one attempt to the next. */
export interface Supplied {
  /** Wants that were asked for, each under the key that the thread gives it. */
  readonly asked: readonly string[];
  /** Those of them that are still being asked for, while others have come; and how often there were any. */
  readonly pending: readonly string[];
  readonly partings: number;
  /** How many addresses were asked for them. */
  readonly attempts: number;
  readonly failures: readonly FetchFailure[];
  /** How often CRLs were asked for. */
  readonly rounds: number;
  readonly issuers: FetchedIssuers;
}

/** Before anything was asked for. */
export function nothingSupplied(issuers: FetchedIssuers): Supplied {
  return { asked: [], pending: [], partings: 0, attempts: 0, failures: [], rounds: 0, issuers };
}

export interface SupplyRequest {
  readonly wanted: readonly WantedCrl[];
  /** With `wanted` counted among the asked. */
  readonly supplied: Supplied;
  /** How many addresses may be asked for them. */
  readonly maxAttempts: number;
  /** What has come may go back to the thread before the rest has. */
  readonly mayPart: boolean;
  /** The proxies that the request came through (RFC 9110 §7.6.3). */
  readonly via?: string;
}

export interface IssuersRequest {
  readonly wanted: readonly WantedIssuer[];
  readonly supplied: Supplied;
}
