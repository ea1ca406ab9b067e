import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import net from 'node:net';
import type { CrlHost } from './crl-host.js';
import { TestServer } from './test-server.js';

/** A server with a listener that is a CRL proxy. */
export interface CrlProxy {
  readonly server: TestServer;
  readonly port: number;
}

/** A port that is free, and stays so as far as one can tell. */
export async function freePort(): Promise<number> {
  const reserved = net.createServer().listen(0, '127.0.0.1');
  await once(reserved, 'listening');
  const { port } = reserved.address() as net.AddressInfo;
  reserved.close();
  await once(reserved, 'close');
  return port;
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
  { port }: CrlProxy,
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
