import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { pinnedConnector, type ConnectorOptions } from './pinned-connector.js';

const MOST_HEADER_BYTES = 16 * 1024;
/** ms that an idle connection is kept for the next download. */
const KEEP_ALIVE = 4000;

export interface HttpAgentsOptions extends ConnectorOptions {
  readonly parallelPerHost: number;
}

/**
 * The HTTP client's connections, straight and by proxies. Imported at the first download: the library is large, and
 * many a server downloads nothing.
 */
export class HttpAgents {
  readonly #options: HttpAgentsOptions;
  readonly #proxies = new Map<string, Dispatcher>();
  readonly direct: Dispatcher;

  constructor(options: HttpAgentsOptions) {
    this.#options = options;
    this.direct = new Agent({ ...this.#clientOptions(), connect: pinnedConnector(options) });
  }

  through(proxy: string): Dispatcher {
    const known = this.#proxies.get(proxy);
    if (known !== undefined) return known;
    const { secureContext, connectTimeout } = this.#options;
    const agent = new ProxyAgent({
      ...this.#clientOptions(),
      uri: proxy,
      // http goes through the proxy as requests that it can cache, https as a tunnel.
      proxyTunnel: false,
      proxyTls: { secureContext, timeout: connectTimeout },
      requestTls: { secureContext, timeout: connectTimeout },
    });
    this.#proxies.set(proxy, agent);
    return agent;
  }

  async destroy(): Promise<void> {
    await Promise.all([this.direct, ...this.#proxies.values()].map((dispatcher) => dispatcher.destroy()));
  }

  #clientOptions(): Agent.Options {
    return {
      connections: this.#options.parallelPerHost,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE,
      keepAliveMaxTimeout: KEEP_ALIVE,
      maxHeaderSize: MOST_HEADER_BYTES,
      // The downloader has a time limit for the whole fetch.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }
}
