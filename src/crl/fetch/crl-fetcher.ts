import { crlOf } from './crl-content.js';
import { Downloader, type DownloaderOptions } from './downloader.js';
import { asFetchError } from './fetch-error.js';
import type { FetchFailed, Validators } from './fetch-outcome.js';
import { readLocalFile } from './local-file.js';
import { fetchMessage } from './unaskable.js';

export interface CrlRequest {
  readonly url: string;
  /** Validators of the stored version; a 304 then answers `notModified`. */
  readonly validators?: Validators | undefined;
  /** No proxy on the way may answer from its cache without asking the server: for a CRL that is out of date. */
  readonly revalidate?: boolean | undefined;
  /** See `DownloadRequest`. */
  readonly via?: string | undefined;
  readonly signal: AbortSignal;
}

export type FetchOutcome =
  | {
      readonly kind: 'fetched';
      /** The CRL, framed but not parsed. The buffer has its memory to itself and may be transferred. */
      readonly der: Buffer;
      readonly validators: Validators;
      /** ms that it had lain in caches on the way, as far as they tell. */
      readonly age?: number | undefined;
      /** The final URL, after redirects. */
      readonly url: string;
    }
  | { readonly kind: 'notModified'; readonly validators: Validators; readonly age?: number | undefined }
  | FetchFailed;

const ACCEPT = 'application/pkix-crl, */*;q=0.8';

/** Fetches CRLs over http and https. Knows nothing of the store, and remembers nothing of failures. */
export class CrlFetcher {
  readonly #downloader: Downloader;
  readonly #maxSize: number;
  readonly #files: ReadonlySet<string>;

  /** `files`: the `file:` URLs of the configuration; no other file is ever read. */
  constructor(options: DownloaderOptions, files: ReadonlySet<string> = new Set()) {
    this.#downloader = new Downloader(options);
    this.#maxSize = options.maxSize;
    this.#files = files;
  }

  /** Always resolves, and within `fetchTimeout`. */
  async fetch({ url, validators, revalidate, via, signal }: CrlRequest): Promise<FetchOutcome> {
    try {
      const downloaded = this.#files.has(url)
        ? await readLocalFile(url, validators?.etag, this.#maxSize)
        : await this.#downloader.get({ url, accept: ACCEPT, validators, revalidate, via, signal });
      if (downloaded.kind === 'notModified') return downloaded;
      const der = await crlOf(downloaded.body, this.#maxSize);
      const { validators: newer, url: from, age } = downloaded;
      return { kind: 'fetched', der, validators: newer, age, url: from };
    } catch (error) {
      const failure = asFetchError(error);
      const { code, fault, retryAfter } = failure;
      return {
        kind: 'failed',
        code,
        fault,
        message: fetchMessage(url, failure),
        ...(retryAfter === undefined ? {} : { retryAfter }),
      };
    }
  }

  /** Gives up what is running, and closes all connections. */
  close(): Promise<void> {
    return this.#downloader.close();
  }
}
