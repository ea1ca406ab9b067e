import type { FetchFailure, WantedCrl } from '../wire/crl.js';
import type { Certificate } from '../x509/certificate.js';
import { type Failure, type FailureCode } from './failure.js';
import type { StatusFinding } from './ocsp.js';
import type { CandidateCrl, Issuer, RevocationInputs } from './revocation-inputs.js';
import { deltasFor, hasDelta, wantedFor } from './wanted-crls.js';

/** What one verification asks of whoever can fetch CRLs, and what it learns from there. */
export interface CrlWantsOptions {
  /** URLs that may still be asked for. */
  readonly maxUrls: number;
  /** Wants of this request that were supplied, or not, before: they are not asked for again. See `wantKey`. */
  readonly asked: ReadonlySet<string>;
  /** Why what was asked for did not come. */
  readonly failures: readonly FetchFailure[];
  /** Where the configuration says that CRLs of the wanted one's issuer lie: all of them are asked, before its own. */
  readonly sourcesOf: (wanted: WantedCrl) => readonly string[];
  /** Where a CRL may be had from, in order; none: it is not asked for. */
  readonly urlsOf: (wanted: WantedCrl) => readonly string[];
  /** Why a URL need not be asked now: it failed a moment ago. */
  readonly knownFailure: (url: string, wanted: WantedCrl) => FetchFailure | undefined;
  /** A CRL from this source was used; `wanted` says how to get the next one. */
  readonly used: (source: string, wanted: () => readonly WantedCrl[]) => void;
}

/** What missing CRLs come to; a failure to get one is no better known than that. */
const REPLACED: ReadonlySet<FailureCode> = new Set(['CRL_NONE', 'CRL_SCOPE']);

/**
 * The CRLs that the paths of one request lack, gathered beside its verdict: only of paths that pass everything but
 * revocation, and of the paths of the CRLs' own signers. Nothing is gathered for a path on which no more CRL would
 * change anything.
 */
export class CrlWants {
  readonly #options: CrlWantsOptions;
  #ofPath: WantedCrl[] = [];
  #all: WantedCrl[] = [];
  /** Why wants of the current path are not worth asking for. */
  #known: FetchFailure[] = [];
  #isShort = false;

  constructor(options: CrlWantsOptions) {
    this.#options = options;
  }

  /** Something was wanted that is known not to come, for now. */
  get isShort(): boolean {
    return this.#isShort;
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
    if (found !== undefined) {
      this.#options.used(found.source, () => {
        const wanted = [
          ...wantedFor(certificate, issuer, inputs),
          ...deltasFor(certificate, issuer, found, inputs),
        ];
        return wanted.flatMap((each) => this.#placesOf(each));
      });
    }
    if (state === 'good' && found !== undefined) {
      if (isPastDue(found, inputs)) this.#want(wantedFor(certificate, issuer, inputs));
      const deltas = deltasFor(certificate, issuer, found, inputs);
      if (deltas.length > 0 && !hasDelta(found, inputs)) this.#want(deltas);
    }
    if (state !== 'unknown') return undefined;
    const wanted = wantedFor(certificate, issuer, inputs);
    this.#want(wanted);
    return this.#explained(finding.failure, [...wanted.flatMap((each) => this.#placesOf(each)), ...wanted]);
  }

  /** A path is judged. `settles`: no other path matters any more; `isInvalid`: no further CRL would mend it. */
  endPath({ settles, isInvalid }: { readonly settles: boolean; readonly isInvalid: boolean }): void {
    if (settles) this.#all = [];
    if (!isInvalid) this.#all.push(...this.#ofPath);
    this.#ofPath = [];
    this.#known = [];
  }

  /** The wants to be supplied now, each once, within the number of URLs. */
  list(): readonly WantedCrl[] {
    const distinct = new Map(this.#all.map((wanted) => [wantKey(wanted), wanted]));
    let urls = this.#options.maxUrls;
    return [...distinct.values()].filter((wanted) => {
      urls -= this.#options.urlsOf(wanted).length;
      return urls >= 0;
    });
  }

  /** What the configuration names goes before what the certificate names. */
  #want(wanted: readonly WantedCrl[]): void {
    for (const each of wanted) {
      const configured = this.#placesOf(each).filter((place) => this.#ask(place));
      if (configured.length === 0) this.#ask(each);
    }
  }

  #placesOf(wanted: WantedCrl): readonly WantedCrl[] {
    const sources = this.#options.sourcesOf(wanted);
    const { issuer, signers } = wanted;
    if (sources.length === 0) return [wanted];
    return sources.map((source) => ({ issuer, uris: [], isDelta: true, signers, source }));
  }

  /** Whether it is worth asking for, now. */
  #ask(wanted: WantedCrl): boolean {
    const { asked, urlsOf, knownFailure } = this.#options;
    if (asked.has(wantKey(wanted))) return false;
    const failures = urlsOf(wanted).map((url) => knownFailure(url, wanted));
    const known = failures.filter((failure) => failure !== undefined);
    this.#known.push(...known);
    this.#isShort ||= known.length > 0;
    if (known.length === failures.length) return false;
    this.#ofPath.push(wanted);
    return true;
  }

  /** Says of a status that is unknown also why the CRL that would tell did not come. */
  #explained(failure: Failure, wanted: readonly WantedCrl[]): Failure {
    const failures = [...this.#options.failures, ...this.#known];
    if (failures.length === 0) return failure;
    const urls = new Set(wanted.flatMap((each) => this.#options.urlsOf(each)));
    const why = failures.find(({ url }) => urls.has(url));
    if (why === undefined) return failure;
    const message = `${failure.message}; ${why.message}`;
    // The service's codes are verdict codes, as its type says.
    return REPLACED.has(failure.code) ? { code: why.code, message } : { ...failure, message };
  }
}

/** Tells wants of one request apart. */
export function wantKey({ issuer, uris, isDelta, source }: WantedCrl): string {
  const kind = source === undefined ? (isDelta ? 'delta' : 'base') : 'configured';
  return `${Buffer.from(issuer).toString('base64')} ${kind} ${source ?? uris.join(' ')}`;
}

/** In mode `grace` a CRL past its time serves, but the one that should be there is worth asking for. */
function isPastDue({ crl: { nextUpdate } }: CandidateCrl, { mode, now }: RevocationInputs): boolean {
  return mode === 'grace' && nextUpdate !== null && nextUpdate <= now;
}
