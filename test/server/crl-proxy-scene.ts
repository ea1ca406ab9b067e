import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { CrlHost } from './crl-host.js';
import { TestServer } from './test-server.js';
import { freePort } from '../free-port.js';

/** A server with a listener that is a CRL proxy. */
export interface CrlProxy {
  readonly server: TestServer;
  readonly port: number;
}

export async function startProxy(
  host: CrlHost,
  settings: Readonly<Record<string, unknown>>,
  port?: number,
): Promise<CrlProxy> {
  const own = port ?? (await freePort());
  const server = await TestServer.startPatient({
    'crl.allow': [`127.0.0.1:${host.port}`],
    'crl.maxWait': '60s',
    'workers.count': 1,
    moreListeners: [{ name: 'proxy', address: `tcp://127.0.0.1:${own}`, protocol: 'crl-proxy' }],
    ...settings,
  });
  return { server, port: own };
}

export interface Fetched {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As any software with an HTTP proxy does. */
export async function get(
  { port }: Pick<CrlProxy, 'port'>,
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Fetched> {
  const asked = request({ host: '127.0.0.1', port, path: url, method, headers, agent: false });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
