import { showUrl } from '../../show-url.js';
import type { FetchFailure, WantedCrl } from '../../wire/crl.js';
import type { Certificate } from '../../x509/certificate.js';
import { CrlSigningKeys, MAX_SIGNERS } from './crl-signing-keys.js';
import { FetchReasons } from './fetch-reasons.js';
import type { Failure } from '../failure.js';
import type { Issuer, RevocationInputs } from './revocation-inputs.js';
import { deltasFor, hasDelta, wantedFor, type WantedCrls } from './crl-locations.js';
import type { CandidateCrl } from '../crl-source.js';
import type { StatusFinding } from './finding.js';

/** The missing CRLs of one verification for the service that fetches them, and the results. */
export interface CrlWantsOptions {
  /** CRLs that may still be asked for, each with all its addresses. */
  readonly maxWanted: number;
  /** Wants of this request that were supplied, or not, before: they are not asked for again. See `wantKey`. */
  readonly asked: ReadonlySet<string>;
  /** Those that are still being fetched: if they are needed, the request goes on waiting. */
  readonly pending?: ReadonlySet<string>;
  /** Why what was asked for did not come. */
  readonly failures: readonly FetchFailure[];
  /** The configured URLs for the issuer of the wanted CRL; all of them are asked before the certificate's own. */
  readonly sourcesOf: (wanted: WantedCrl) => readonly string[];
  /** The URLs of a CRL, in order; none: it is not fetched. */
  readonly urlsOf: (wanted: WantedCrl) => readonly string[];
  /** Why a URL need not, or may not, be asked now: it failed a moment ago, or the request has no round left. */
  readonly knownFailure: (url: string, wanted: WantedCrl) => FetchFailure | undefined;
  /** A CRL from this source was used; `wanted` says how to get the next one. */
  readonly used: (source: string, wanted: () => readonly WantedCrl[]) => void;
}

/** A want, and how far below the trust anchor the certificate stands that has it. */
interface Placed {
  readonly wanted: WantedCrl;
  readonly depth: number;
}

/**
 * The CRLs that the paths of one request lack, gathered beside its verdict: only of paths that pass everything but
 * revocation, and of the paths of the CRLs' own signers. Nothing is gathered for a path on which no more CRL would
 * change anything. What a bound cuts off is FETCH_LIMIT, whatever else is known: no mode forgives it.
 */
export class CrlWants {
  readonly #options: CrlWantsOptions;
  readonly #signing = new CrlSigningKeys();
  readonly #reasons: FetchReasons;
  /** For the judged path, by certificate, leaf first; the last is the current one. */
  #ofPath: WantedCrl[][] = [];
  #isBegun = false;
  #all: Placed[] = [];
  #isShort = false;

  constructor(options: CrlWantsOptions) {
    this.#options = options;
    this.#reasons = new FetchReasons(options.failures);
  }

  /** Something was wanted that is known not to come, for now. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Something was wanted that a bound has cut off: the next request may find it. */
  get isCut(): boolean {
    return this.#reasons.isCut;
  }

  /** Told of each certificate's finding; returns the failure as it is to be reported. */
  found(
    certificate: Certificate,
    issuer: Issuer,
    finding: StatusFinding,
    inputs: RevocationInputs,
  ): Failure | undefined {
    const { state, from } = finding;
    const found = from !== undefined && 'crl' in from ? from : undefined;
    const complete = (): WantedCrls => wantedFor(certificate, issuer, inputs, this.#signing);
    const deltas = (of: CandidateCrl): WantedCrls =>
      deltasFor(certificate, issuer, of, inputs, this.#signing);
    this.#isBegun = false;
    if (found !== undefined) {
      this.#options.used(found.source, () =>
        [...complete().crls, ...deltas(found).crls].flatMap((each) => this.#placesOf(each)),
      );
    }
    if (state === 'good' && found !== undefined) {
      if (isPastDue(found, inputs)) this.#want(complete());
      const updates = deltas(found);
      if (updates.crls.length > 0 && !hasDelta(found, inputs)) this.#want(updates);
    }
    if (state !== 'unknown') return undefined;
    const wanted = complete();
    this.#want(wanted);
    const places = wanted.crls.flatMap((each) => [...this.#placesOf(each), each]);
    const urls = new Set(places.flatMap((each) => this.#options.urlsOf(each)));
    return this.#reasons.explain(finding.failure, urls, wanted.omitted);
  }

  /** A path is judged. `settles`: no other path matters any more; `isInvalid`: no further CRL would mend it. */
  endPath({ settles, isInvalid }: { readonly settles: boolean; readonly isInvalid: boolean }): void {
    if (settles) this.#all = [];
    const fromTop = this.#ofPath.toReversed();
    if (!isInvalid)
      this.#all.push(...fromTop.flatMap((crls, depth) => crls.map((wanted) => ({ wanted, depth }))));
    this.#ofPath = [];
    this.#reasons.endPath();
  }

  /** The wants to be supplied now, each once, those of CAs near a trust anchor first, within their number. */
  list(): readonly WantedCrl[] {
    const distinct = new Map<string, WantedCrl>();
    for (const { wanted } of this.#all.toSorted((a, b) => a.depth - b.depth)) {
      const key = wantKey(wanted);
      const before = distinct.get(key);
      distinct.set(key, before === undefined ? wanted : withSigners(before, wanted));
    }
    let left = this.#options.maxWanted;
    return [...distinct].flatMap(([key, wanted]) => (this.#isPending(key) || left-- > 0 ? [wanted] : []));
  }

  /** Configured URLs come before those of the certificate. */
  #want({ crls, omitted }: WantedCrls): void {
    for (const each of crls) {
      const asked = this.#placesOf(each).filter((place) => this.#ask(place));
      // A slow URL does not delay the next one.
      if (asked.every((place) => this.#isPending(wantKey(place)))) this.#ask(each);
    }
    if (omitted.length > 0) this.#reasons.cut();
  }

  #placesOf(wanted: WantedCrl): readonly WantedCrl[] {
    const sources = this.#options.sourcesOf(wanted);
    if (sources.length === 0) return [wanted];
    const { issuer, signers, maxAge } = wanted;
    const place = { issuer, uris: [], isDelta: true, signers, ...(maxAge !== undefined && { maxAge }) };
    return sources.map((source) => Object.assign({ source }, place));
  }

  /** Whether it is worth asking for, now. */
  #ask(wanted: WantedCrl): boolean {
    const { asked, maxWanted, urlsOf, knownFailure } = this.#options;
    const key = wantKey(wanted);
    const isPending = this.#isPending(key);
    if (asked.has(key) && !isPending) return false;
    const failures = urlsOf(wanted).map(
      (url) => knownFailure(url, wanted) ?? (maxWanted > 0 || isPending ? undefined : tooMany(url)),
    );
    const known = failures.filter((failure) => failure !== undefined);
    this.#reasons.add(known);
    this.#isShort ||= known.length > 0;
    if (known.length === failures.length) return false;
    if (!this.#isBegun) this.#ofPath.push([]);
    this.#isBegun = true;
    this.#ofPath.at(-1)?.push(wanted);
    return true;
  }

  #isPending(key: string): boolean {
    return this.#options.pending?.has(key) === true;
  }
}

/** Tells wants of one request apart. */
export function wantKey({ issuer, uris, isDelta, source }: WantedCrl): string {
  const kind = source === undefined ? (isDelta ? 'delta' : 'base') : 'configured';
  return `${Buffer.from(issuer).toString('base64')} ${kind} ${source ?? uris.join(' ')}`;
}

/** Another path may know another key of the same issuer. */
function withSigners(wanted: WantedCrl, { signers }: WantedCrl): WantedCrl {
  const all = [...wanted.signers, ...signers];
  const distinct = new Map(all.map((spki) => [Buffer.from(spki).toString('latin1'), spki]));
  return { ...wanted, signers: [...distinct.values()].slice(0, MAX_SIGNERS) };
}

function tooMany(url: string): FetchFailure {
  const message = `${showUrl(url)}: not asked: the request lacks more CRLs than are fetched for one`;
  return { url, code: 'FETCH_LIMIT', message };
}

/** In mode `grace` a CRL past its time serves, but the one that should be there is worth asking for. */
function isPastDue({ crl: { nextUpdate } }: CandidateCrl, { mode, now }: RevocationInputs): boolean {
  return mode === 'grace' && nextUpdate !== null && nextUpdate <= now;
}
