import { certificatesOf } from './certificate-content.js';
import { Downloader, type DownloaderOptions } from './downloader.js';
import { asFetchError } from './fetch-error.js';
import type { FetchFailed } from './fetch-outcome.js';
import { showUrl } from '../../show-url.js';
import type { FetchUrl } from './fetch-url.js';

export type CertificatesOutcome =
  { readonly kind: 'fetched'; readonly certificates: readonly Uint8Array[] } | FetchFailed;

/** A certificate has a few kilobytes; a message of many still fits. */
const MOST_BYTES = 256 * 1024;
const MOST_CERTIFICATES = 16;
const ACCEPT = 'application/pkix-cert, application/pkcs7-mime, */*;q=0.8';

/**
 * Fetches issuers' certificates from the URLs of authorityInfoAccess (RFC 5280 §4.2.2.1). These are asked for before
 * anything about the path is known, so a URL must pass the address policy and name one of `hosts`, at each redirect.
 */
export class CertificateFetcher {
  readonly #downloader: Downloader;

  /** `hosts`: names, lower case; one that begins with a dot stands for the names below it. None: nothing is fetched. */
  constructor(options: DownloaderOptions, hosts: readonly string[]) {
    this.#downloader = new Downloader({
      ...options,
      maxSize: MOST_BYTES,
      refuse: (url) => (isListed(url, hosts) ? undefined : `${url.host} is not listed in aia.hosts`),
    });
  }

  /** Always resolves, and within `fetchTimeout`. */
  async fetch(url: string, signal: AbortSignal): Promise<CertificatesOutcome> {
    try {
      const downloaded = await this.#downloader.get({ url, accept: ACCEPT, signal });
      const found = downloaded.kind === 'body' ? certificatesOf(downloaded.body) : [];
      return { kind: 'fetched', certificates: found.slice(0, MOST_CERTIFICATES) };
    } catch (error) {
      const { code, fault, message } = asFetchError(error);
      return { kind: 'failed', code, fault, message: `${showUrl(url)}: ${message}` };
    }
  }

  close(): Promise<void> {
    return this.#downloader.close();
  }
}

function isListed({ host }: FetchUrl, hosts: readonly string[]): boolean {
  const name = host.replace(/\.$/, '');
  return hosts.some((entry) => (entry.startsWith('.') ? name.endsWith(entry) : name === entry));
}
