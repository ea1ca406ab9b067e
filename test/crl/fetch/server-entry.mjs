// A server of CRLs with every fault, in a process of its own: what it is to serve and where comes as JSON.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { gzipSync } from 'node:zlib';

const { host, port = 0, crl: crlText, tls } = JSON.parse(process.argv[2] ?? '{}');
const crl = Buffer.from(crlText, 'base64');
const pem = `-----BEGIN X509 CRL-----\n${(crlText.match(/.{1,64}/g) ?? []).join('\n')}\n-----END X509 CRL-----\n`;
const ETAG = '"version-1"';
const MODIFIED = 'Mon, 02 Mar 2026 10:00:00 GMT';
const requests = [];
/** What was put in the place of a page, by path and query. */
const mended = new Map();

/** A megabyte again and again; written as fast as the reader takes it. */
function pour(response, times, chunk = Buffer.alloc(1024 * 1024, 0x30)) {
  let left = times;
  const more = () => {
    while (left-- > 0) if (!response.write(chunk)) return response.once('drain', more);
    response.end();
    return undefined;
  };
  more();
}

/** Well beyond any test's limit, and soon made: a tenth of a second. */
const bomb = () => gzipSync(Buffer.alloc(16 * 1024 * 1024));

const PAGES = {
  '/good.crl': (request, response) => {
    const validators = { etag: ETAG, 'last-modified': MODIFIED };
    const isKnown =
      request.headers['if-none-match'] === ETAG || request.headers['if-modified-since'] === MODIFIED;
    response.writeHead(isKnown ? 304 : 200, { ...validators, 'cache-control': 'max-age=3600' });
    response.end(isKnown ? undefined : crl);
  },
  '/aged': (_, response) => response.writeHead(200, { age: '90', 'cache-control': 'max-age=3600' }).end(crl),
  '/brief': (_, response) => response.writeHead(200, { 'cache-control': 'max-age=1' }).end(crl),
  '/pem': (_, response) => response.end(`Some words first.\n${pem}`),
  '/two-pem': (_, response) => response.end(pem + pem),
  '/cut-pem': (_, response) => response.end(pem.slice(0, -30)),
  '/crl.gz': (_, response) => response.end(gzipSync(crl)),
  '/pem.gz': (_, response) => response.end(gzipSync(pem)),
  '/cut.gz': (_, response) => response.end(gzipSync(crl).subarray(0, -12)),
  '/encoded': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(crl)),
  '/cut-encoded': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(crl).subarray(0, -12)),
  '/brotli': (_, response) => response.writeHead(200, { 'content-encoding': 'br' }).end(crl),
  '/chunked': (_, response) => {
    response.write(crl.subarray(0, 20));
    response.end(crl.subarray(20));
  },
  '/empty': (_, response) => response.end(),
  '/html': (_, response) => response.end('<!DOCTYPE html><title>Sorry</title>'),
  '/padded': (_, response) => response.end(Buffer.concat([crl, Buffer.from('\n')])),
  '/cut': (_, response) => {
    response.shouldKeepAlive = false;
    response.useChunkedEncodingByDefault = false;
    response.removeHeader('transfer-encoding');
    response.write(crl.subarray(0, 60));
    response.end();
  },
  '/truncated': (_, response) => {
    response.writeHead(200, { 'content-length': crl.length });
    response.write(crl.subarray(0, 60), () => response.destroy());
  },
  '/reset': (_, response) => response.socket?.resetAndDestroy(),
  '/reset-midway': (_, response) => {
    response.writeHead(200, { 'content-length': crl.length });
    response.write(crl.subarray(0, 60), () => response.socket?.resetAndDestroy());
  },
  '/no-http': (_, response) => response.socket?.end('220 smtp.example ESMTP\r\n'),
  '/silent': () => undefined,
  '/slow': (_, response) => {
    response.writeHead(200, { 'content-length': crl.length });
    let at = 0;
    const timer = setInterval(() => response.write(crl.subarray(at, ++at)), 50);
    response.on('close', () => clearInterval(timer));
  },
  '/byte-a-second': (_, response) => {
    response.writeHead(200, { 'content-length': crl.length });
    let at = 0;
    const timer = setInterval(() => response.write(crl.subarray(at, ++at)), 1000);
    response.on('close', () => clearInterval(timer));
  },
  '/slow-headers': (_, response) => {
    const { socket } = response;
    socket.write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write('X-A: b\r\n'), 50);
    socket.on('close', () => clearInterval(timer));
  },
  // Fast enough for the stall limit, and never done.
  '/steady': (_, response) => {
    const timer = setInterval(() => response.write(Buffer.alloc(1024, 0x30)), 20);
    response.on('close', () => clearInterval(timer));
  },
  '/endless': (_, response) => pour(response, Infinity),
  '/hundred-megabytes': (_, response) => {
    response.writeHead(200, { 'content-length': 100 * 1024 * 1024 });
    pour(response, 100);
  },
  '/bomb': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb()),
  '/bomb.gz': (_, response) => response.end(bomb()),
  '/big-headers': (_, response) => response.writeHead(200, { 'x-long': 'x'.repeat(60_000) }).end(crl),
  '/404': (_, response) => response.writeHead(404).end('x'.repeat(200_000)),
  '/500': (_, response) => response.writeHead(500).end(),
  '/206': (_, response) => response.writeHead(206).end(crl),
  '/304': (_, response) => response.writeHead(304).end(),
  '/busy': (_, response) => response.writeHead(503, { 'retry-after': '120' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop-back' }).end(),
  '/loop-back': (_, response) => response.writeHead(301, { location: '/loop' }).end(),
  '/redirect': (_, response) => response.writeHead(307, { location: '/good.crl#fragment' }).end('moved'),
  '/redirect-nowhere': (_, response) => response.writeHead(302).end(),
};

function answer(request, response) {
  const { url, headers } = request;
  requests.push({ url, headers, servername: request.socket.servername });
  const path = new URL(url, 'http://x');
  const hops = /^\/hops\/(\d+)$/.exec(path.pathname)?.[1];
  const location =
    path.pathname === '/to'
      ? path.searchParams.get('url')
      : hops !== undefined && (hops === '0' ? '/good.crl' : `/hops/${hops - 1}`);
  if (mended.has(url)) response.end(mended.get(url));
  else if (location) response.writeHead(302, { location }).end();
  else (PAGES[path.pathname] ?? PAGES['/404'])(request, response);
}

const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
server.listen(port, host, () => process.send({ port: server.address().port }));
process.on('message', ({ mend }) => {
  if (mend) mended.set(mend.path, readFileSync(mend.file));
  process.send({ requests: requests.splice(0) });
});
process.on('disconnect', () => process.exit());
