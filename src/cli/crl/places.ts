import type { Config } from '../../config/config.js';
import { type ConfiguredSource, ConfiguredSources } from '../../crl/fetch/configured-sources.js';
import { fetcherOptions } from '../../crl/fetch/fetcher-options.js';
import { crlUrls } from '../../crl/supply/crl-urls.js';
import { PkixdError } from '../../errors.js';
import { createEnvironment } from '../../thread/verify-task.js';
import { CrlWants } from '../../verify/revocation/missing-crls.js';
import { verify, type VerifyEnvironment } from '../../verify/verify.js';
import type { FetchOrder, WantedCrl } from '../../wire/crl.js';
import { DerReader } from '../../x509/der.js';
import { readName } from '../../x509/name.js';
import type { CrlFetcher } from './fetcher.js';
import type { CrlSigners } from './signers.js';
import type { RequestParts } from '../verify/verify-input.js';

/** The most CRLs of a path; those of CAs near the trust anchor are fetched first. */
const MAX_WANTED = 1024;

/** The CRLs that may be fetched: those that verified chains name, and those of the configuration. */
export class CrlPlaces {
  readonly #config: Config;
  readonly #signers: CrlSigners;
  readonly #fetcher: CrlFetcher;
  readonly #sources: ConfiguredSources;
  #environment: VerifyEnvironment | undefined;

  /** Throws CrlSourcesError. */
  constructor(config: Config, signers: CrlSigners, fetcher: CrlFetcher) {
    this.#config = config;
    this.#signers = signers;
    this.#fetcher = fetcher;
    this.#sources = ConfiguredSources.read(config, fetcherOptions(config, {}).policy);
  }

  /** All of them. */
  async all(): Promise<readonly FetchOrder[]> {
    const known = await this.#fetcher.known();
    const urls = new Set(known.flatMap((order) => order.urls));
    return [...known, ...this.#configured((url) => !urls.has(url))];
  }

  /** Throws NO_SUCH_CRL for an unknown URL. */
  async of(url: string): Promise<readonly FetchOrder[]> {
    const known = await this.#fetcher.known(url);
    const orders = known.length > 0 ? known : this.#configured((one) => one === url);
    if (orders.length > 0) return orders;
    throw new PkixdError(
      'NO_SUCH_CRL',
      `${url} is not known: no CRL of the store came from there, and crl.sources does not name it; name a certificate that points to it`,
    );
  }

  /**
   * The CRLs of the first certificate's path, as for a verification; the path must be valid except for revocation.
   * Throws with the verdict's code if there is no such path.
   */
  onPathOf({ certificates }: RequestParts, more: readonly Uint8Array[]): readonly FetchOrder[] {
    this.#environment ??= createEnvironment(this.#config, []);
    const wants = new CrlWants({
      maxWanted: MAX_WANTED,
      asked: new Set(),
      failures: [],
      sourcesOf: ({ issuer }) => this.#sources.urlsFor(readName(new DerReader(issuer), 'issuer')),
      urlsOf: crlUrls,
      knownFailure: () => undefined,
      used: () => undefined,
    });
    const request = { certificates: [...certificates, ...more], crls: [], revocation: 'hard' } as const;
    const { code, message } = verify(request, this.#environment, undefined, wants);
    const orders = wants.list().map((wanted) => ({ wanted, urls: crlUrls(wanted) }));
    if (orders.some(({ urls }) => urls.length > 0)) return orders.filter(({ urls }) => urls.length > 0);
    if (code !== 'CRL_NONE') throw new PkixdError(code, message);
    throw new PkixdError('NO_DISTRIBUTION_POINT', 'no certificate of its path says where its CRL lies');
  }

  #configured(isMeant: (url: string) => boolean): readonly FetchOrder[] {
    const entries = this.#sources.entries.filter(({ url }) => isMeant(url));
    return entries.map((entry) => ({ wanted: this.#wantedAt(entry), urls: [entry.url] }));
  }

  #wantedAt({ issuer, spki, url }: ConfiguredSource): WantedCrl {
    const signers = [...(spki === undefined ? [] : [spki]), ...this.#signers.keysOf(issuer)];
    return { issuer: issuer.der, uris: [], isDelta: true, signers, source: url };
  }
}
