import type { FetchedIssuers, WantedIssuer } from './issuers.js';
import type { VerdictCode } from './verdict.js';

/**
 * A CRL that a verification lacks: its locations by the certificate, and the keys that may have signed it. It travels
 * from the task thread to the service that supplies CRLs, as msgpack.
 */
export interface WantedCrl {
  /** The CRL issuer's Name, DER. */
  readonly issuer: Uint8Array;
  /** The URIs of one distribution point, in its order; each is a location of the CRL. */
  readonly uris: readonly string[];
  /** Named by a freshestCRL extension (§5.2.6, §4.2.1.15): a delta CRL. */
  readonly isDelta: boolean;
  /** The SubjectPublicKeyInfo of each candidate signer, DER; a CRL that none of them signed is refused. */
  readonly signers: readonly Uint8Array[];
  /** A URL that the configuration names for this issuer, instead of `uris`; it may have any CRL of the issuer. */
  readonly source?: string;
  /** ms from its thisUpdate after which a CRL is out of date, whatever its nextUpdate is; absent: never. */
  readonly maxAge?: number;
}

/** Why a CRL did not come. */
export interface FetchFailure {
  readonly url: string;
  /** FETCH_FAILED, FETCH_REFUSED, what is wrong with the received CRL, or FETCH_LIMIT for a URL that was not asked. */
  readonly code: Exclude<VerdictCode, 'OK' | 'OK_SOFT'>;
  /** Names the URL and says why. */
  readonly message: string;
}

/** The step by which a task in a thread gets CRLs, and the notice that it used some. */
export const SUPPLY_STEP = 'supplyCrls';
export const USED_NOTICE = 'usedCrls';
/** The notice that a large CRL of `crl.directory` should go into the store: a `FolderCrl`. */
export const FOLDER_NOTICE = 'folderCrl';

/** A file of `crl.directory`. */
export interface FolderCrl {
  readonly path: string;
  /** The keys that may have signed it: SubjectPublicKeyInfo, DER. */
  readonly signers: readonly Uint8Array[];
}

/** Operators' orders to that service: list the CRLs that it can fetch, and fetch one now. */
export const KNOWN_ORDER = 'knownCrls';
export const FETCH_ORDER = 'fetchCrl';

/** A CRL to fetch, from the first of these URLs that has it. */
export interface FetchOrder {
  readonly wanted: WantedCrl;
  readonly urls: readonly string[];
}

export interface KnownRequest {
  /** Only CRLs of this URL; all, when absent. */
  readonly url?: string;
  /** Where in the list to begin; a reply holds only a part. */
  readonly from: number;
}

export interface KnownReply {
  readonly orders: readonly FetchOrder[];
  /** Where the next part begins; `null` at the end. */
  readonly next: number | null;
}

/** The result of a FetchOrder. */
export interface FetchReport {
  /** Failures of the URLs that were asked and did not have it. */
  readonly failures: readonly FetchFailure[];
  /** Absent when none had it. */
  readonly taken?: {
    readonly url: string;
    /** The CRL that was stored from this URL before is older. */
    readonly isNew: boolean;
    /** The CRL that is stored from this URL now; `null`: the store has the same or a newer one from another place. */
    readonly crl: {
      readonly number: string | null;
      /** ms */
      readonly thisUpdate: number;
      readonly nextUpdate: number | null;
    } | null;
  };
}

/** What a request has asked for so far; passed from one attempt to the next. */
export interface Supplied {
  /** The missing CRLs that were asked for, each by the key that the thread gives it. */
  readonly asked: readonly string[];
  /** Those that are still being fetched while others have come, and how often that happened. */
  readonly pending: readonly string[];
  readonly partings: number;
  /** The number of addresses that were asked. */
  readonly attempts: number;
  readonly failures: readonly FetchFailure[];
  /** The number of times that CRLs were asked for. */
  readonly rounds: number;
  readonly issuers: FetchedIssuers;
}

/** The state before the first attempt. */
export function nothingSupplied(issuers: FetchedIssuers): Supplied {
  return { asked: [], pending: [], partings: 0, attempts: 0, failures: [], rounds: 0, issuers };
}

export interface SupplyRequest {
  readonly wanted: readonly WantedCrl[];
  /** The state with `wanted` added to the asked ones. */
  readonly supplied: Supplied;
  /** The most addresses that may be asked. */
  readonly maxAttempts: number;
  /** CRLs that have come may go to the thread before the others have. */
  readonly mayPart: boolean;
  /** The proxies that the request came through (RFC 9110 §7.6.3). */
  readonly via?: string;
}

export interface IssuersRequest {
  readonly wanted: readonly WantedIssuer[];
  readonly supplied: Supplied;
}
