import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import { VERSION } from '../../version.js';
import type { AddressPolicy } from './address-policy.js';
import { DownloadSlots } from './download-slots.js';
import { asFetchError, FetchError } from './fetch-error.js';
import type { Validators } from './fetch-outcome.js';
import { showUrl } from '../../show-url.js';
import { type FetchUrl, parseFetchUrl } from './fetch-url.js';
import { FetchWatch, type WatchLimits } from './fetch-watch.js';
import { ownAddresses, type Resolve } from './host-addresses.js';
import type { HttpAgents } from './http-agents.js';
import type { ProxyChoice } from './proxy-choice.js';
import { readBody } from './response-body.js';
import { readAge, readRetryAfter, readValidators } from './response-headers.js';

export interface DownloaderOptions extends WatchLimits {
  readonly policy: AddressPolicy;
  readonly resolve: Resolve;
  readonly proxyFor: ProxyChoice;
  readonly secureContext: SecureContext;
  /** ms */
  readonly connectTimeout: number;
  /** Bytes of a body, as sent and as unpacked. */
  readonly maxSize: number;
  readonly maxRedirects: number;
  readonly parallel: number;
  readonly parallelPerHost: number;
  /** Rules beyond the policy's: why a URL may not be asked for. */
  readonly refuse?: (url: FetchUrl) => string | undefined;
}

export interface DownloadRequest {
  readonly url: string;
  /** The media types that are wanted. */
  readonly accept: string;
  /** Validators of the stored version. */
  readonly validators?: Validators | undefined;
  /** No proxy on the way may answer from its cache without asking the server. */
  readonly revalidate?: boolean | undefined;
  /** The Via of the request (RFC 9110 §7.6.3), by which a loop of proxies is found out. */
  readonly via?: string | undefined;
  readonly signal: AbortSignal;
}

export type Downloaded =
  | {
      readonly kind: 'body';
      readonly body: Buffer;
      /** After redirects. */
      readonly url: string;
      readonly validators: Validators;
      /** ms; see `readAge`. */
      readonly age?: number | undefined;
    }
  | { readonly kind: 'notModified'; readonly validators: Validators; readonly age?: number | undefined };

const LOOP_DETECTED = 508;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** The most octets of an unwanted body that are read so that its connection can be reused. */
const MOST_DUMPED_BYTES = 16 * 1024;

/**
 * GET over http and https, within limits: where to, how long, how much, how many at once. Idle connections are
 * reused and keep no process alive.
 */
export class Downloader {
  readonly #options: DownloaderOptions;
  readonly #slots: DownloadSlots;
  #agents: Promise<HttpAgents> | undefined;
  readonly #closing = new AbortController();

  constructor(options: DownloaderOptions) {
    this.#options = options;
    this.#slots = new DownloadSlots(options.parallel, options.parallelPerHost);
  }

  /** Throws FetchError, its message without the URL asked for. */
  async get(request: DownloadRequest): Promise<Downloaded> {
    // Before time is watched: no server is to blame for what its loading takes.
    this.#agents ??= loadAgents(this.#options);
    const agents = await this.#agents;
    const watch = new FetchWatch(AbortSignal.any([request.signal, this.#closing.signal]), this.#options);
    try {
      return await this.#follow(request, agents, watch);
    } catch (error) {
      throw watch.signal.aborted ? watch.signal.reason : asFetchError(error);
    } finally {
      watch.end();
    }
  }

  /** Gives up what is running, and closes all connections. */
  async close(): Promise<void> {
    this.#closing.abort();
    await (await this.#agents)?.destroy();
  }

  async #follow(request: DownloadRequest, agents: HttpAgents, watch: FetchWatch): Promise<Downloaded> {
    const { maxRedirects } = this.#options;
    const seen = new Set<string>();
    let url = parseFetchUrl(request.url);
    for (;;) {
      seen.add(url.href);
      const answer = await this.#ask(url, request, agents, watch).catch((error: unknown) => {
        throw seen.size === 1 ? error : asFetchError(error).after(`redirected to ${showUrl(url.href)}`);
      });
      if (answer.kind !== 'redirect') return answer;
      url = parseFetchUrl(answer.location, url);
      if (seen.has(url.href)) {
        throw new FetchError('redirect', `its redirects lead back to ${showUrl(url.href)}`);
      }
      if (seen.size > maxRedirects) {
        throw new FetchError('redirect', `it redirects more often than crl.maxRedirects, ${maxRedirects}`);
      }
    }
  }

  async #ask(
    url: FetchUrl,
    request: DownloadRequest,
    agents: HttpAgents,
    watch: FetchWatch,
  ): Promise<Downloaded | { readonly kind: 'redirect'; readonly location: string }> {
    const dispatcher = this.#route(url, agents);
    const release = await this.#slots.take(`${url.host} ${url.port}`, watch.signal);
    try {
      watch.startStretch();
      const response = await watch.orAborted(
        dispatcher.request({
          origin: url.origin,
          path: url.path,
          method: 'GET',
          headers: requestHeaders(request),
          signal: watch.signal,
        }),
      );
      const { statusCode: status, headers, body } = response;
      if (status === 200) {
        const received = await readBody(response, this.#options.maxSize, watch);
        const validators = readValidators(headers);
        return { kind: 'body', body: received, url: url.href, validators, age: readAge(headers) };
      }
      await body.dump({ limit: MOST_DUMPED_BYTES, signal: watch.signal });
      if (status === 304 && request.validators !== undefined) {
        const validators = { ...request.validators, ...readValidators(headers) };
        return { kind: 'notModified', validators, age: readAge(headers) };
      }
      const location = headers['location'];
      if (REDIRECTS.has(status) && typeof location === 'string') return { kind: 'redirect', location };
      const retryAfter = readRetryAfter(headers, Date.now());
      throw new FetchError(
        status === LOOP_DETECTED ? 'loop' : 'status',
        `the server answered ${status}`,
        retryAfter === undefined ? {} : { retryAfter },
      );
    } finally {
      release();
    }
  }

  /** The way to a URL, if it may be asked for at all. */
  #route(url: FetchUrl, agents: HttpAgents): Dispatcher {
    const { policy, proxyFor, refuse } = this.#options;
    const proxy = proxyFor(url);
    const refusal =
      refuse?.(url) ??
      (proxy === undefined
        ? policy.refusalOfPort(url.host, url.port)
        : policy.refusalOfProxied(url.host, url.port, url.literal, ownAddresses()));
    if (refusal !== undefined) throw new FetchError('refused', refusal);
    return proxy === undefined ? agents.direct : agents.through(proxy);
  }
}

async function loadAgents(options: DownloaderOptions): Promise<HttpAgents> {
  const { HttpAgents: Agents } = await import('./http-agents.js');
  return new Agents(options);
}

function requestHeaders({
  accept,
  validators = {},
  revalidate = false,
  via,
}: DownloadRequest): Record<string, string> {
  const { etag, lastModified } = validators;
  return {
    'user-agent': `pkixd/${VERSION}`,
    accept,
    'accept-encoding': 'gzip',
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
    ...(revalidate ? { 'cache-control': 'no-cache' } : {}),
    ...(via === undefined ? {} : { via }),
  };
}
