import type { WantedIssuer } from '../wire/issuers.js';
import type { Certificate } from '../x509/certificate.js';
import { OID } from '../x509/oid.js';
import { failureOf } from './failure.js';

export interface IssuerWantsOptions {
  /** URLs that may still be asked. */
  readonly maxUrls: number;
  /** URLs that were asked for this request before: they are not asked again. */
  readonly asked: ReadonlySet<string>;
  /** Why what was asked for did not come. */
  readonly failures: readonly string[];
}

/** No honest certificate names more places. */
const MAX_PLACES = 4;

/**
 * The issuers that one request lacks, gathered beside its verdict: of certificates at which the building of paths
 * ended, as far as they say where their issuer's certificate lies (RFC 5280 §4.2.2.1, caIssuers). None is wanted once
 * any path has reached a trust anchor, whatever became of it.
 */
export class IssuerWants {
  readonly #options: IssuerWantsOptions;
  readonly #wanted = new Map<Certificate, WantedIssuer>();
  #left: number;
  #isSettled = false;

  constructor(options: IssuerWantsOptions) {
    this.#options = options;
    this.#left = options.maxUrls;
  }

  /** No issuer of this certificate is available. */
  missing(certificate: Certificate): void {
    if (this.#isSettled || this.#left <= 0 || this.#wanted.has(certificate)) return;
    const places = placesOf(certificate).filter((url) => !this.#options.asked.has(url));
    const wanted = places.slice(0, Math.min(MAX_PLACES, this.#left));
    if (wanted.length === 0) return;
    this.#left -= wanted.length;
    this.#wanted.set(certificate, wanted);
  }

  /** There is a path, or nothing more can be told: no issuer would change the outcome. */
  settle(): void {
    this.#isSettled = true;
  }

  list(): readonly WantedIssuer[] {
    return this.#isSettled ? [] : [...this.#wanted.values()];
  }

  /** The text about them in the message of a verdict without a path. */
  aside(): string {
    const [failure] = this.#options.failures;
    return failure === undefined ? '' : `; an issuer could not be fetched: ${failure}`;
  }
}

/** A broken extension names nothing; that it is broken shows where the certificate is validated. */
function placesOf(certificate: Certificate): readonly string[] {
  try {
    const descriptions = certificate.authorityInfoAccess ?? [];
    return descriptions.flatMap(({ method, location }) =>
      method === OID.caIssuers && location.kind === 'uri' && /^https?:/i.test(location.value)
        ? [location.value]
        : [],
    );
  } catch (error) {
    failureOf(error);
    return [];
  }
}
