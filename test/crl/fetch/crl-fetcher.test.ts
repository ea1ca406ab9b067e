import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createCrl, createRoot } from '../../pki/pki.js';
import { withShortTime } from '../../short-time.js';
import { CrlServer } from './crl-server.js';
import { closeFetchers, fetcherWith, fetchWith } from './fetch-scene.js';

const crl = createCrl(createRoot()).der;
let server: CrlServer;
beforeAll(async () => {
  server = await CrlServer.start({ crl });
});
afterAll(() => server.stop());
afterEach(closeFetchers);

const fetcher = (flags: Readonly<Record<string, unknown>> = {}) =>
  fetcherWith({ 'crl.allow': [`127.0.0.1:${server.port}`], ...flags });
const get = (path: string, flags?: Readonly<Record<string, unknown>>) =>
  fetchWith(fetcher(flags), server.url(path));

test.each(['/good.crl', '/pem', '/crl.gz', '/pem.gz', '/encoded', '/chunked'])(
  '%s gives the CRL as DER',
  async (path) => {
    expect(await get(path)).toMatchObject({ kind: 'fetched', der: crl, url: server.url(path) });
  },
);

test('the buffer of a CRL holds nothing else, so that it can be handed to another thread', async () => {
  for (const path of ['/good.crl', '/chunked', '/pem', '/crl.gz']) {
    const outcome = await get(path);
    if (outcome.kind !== 'fetched') throw new Error(path);
    expect(outcome.der.buffer.byteLength).toBe(crl.length);
  }
});

test('validators go back to the server, and 304 says that nothing is new', async () => {
  const validators = { etag: '"version-1"', lastModified: 'Mon, 02 Mar 2026 10:00:00 GMT' };
  expect(await get('/good.crl')).toMatchObject({ kind: 'fetched', validators });
  const again = await fetchWith(fetcher(), server.url('/redirect'), { validators });
  expect(again).toEqual({ kind: 'notModified', validators });
  const byDate = { lastModified: validators.lastModified };
  expect(await fetchWith(fetcher(), server.url('/good.crl'), { validators: byDate })).toMatchObject({
    kind: 'notModified',
  });
});

test('304 without having asked for it is a failure', async () => {
  expect(await get('/304')).toMatchObject({ fault: 'status', message: expect.stringContaining('304') });
});

test('only a fetch that says so makes proxies ask the server again', async () => {
  await server.requests();
  await get('/good.crl');
  await fetchWith(fetcher(), server.url('/good.crl'), { revalidate: true });
  const [first, second] = await server.requests();
  expect(first?.headers).not.toHaveProperty('cache-control');
  expect(second?.headers).toMatchObject({ 'cache-control': 'no-cache' });
});

test('how long an answer lay in caches on the way is told, where they tell it', async () => {
  expect(await get('/aged')).toMatchObject({ kind: 'fetched', age: 90_000 });
  expect(await get('/good.crl')).toMatchObject({ kind: 'fetched', age: undefined });
});

test('a fetch names the proxies that it comes through, and without any says nothing', async () => {
  await server.requests();
  await get('/good.crl');
  await fetchWith(fetcher(), server.url('/redirect'), { via: '1.1 first, 1.1 second' });
  const seen = (await server.requests()).map(({ headers }) => headers['via']);
  expect(seen).toEqual([undefined, '1.1 first, 1.1 second', '1.1 first, 1.1 second']);
});

test.each([
  ['/reset', 'connection', /connection broke/],
  ['/reset-midway', 'connection', /connection broke/],
  ['/truncated', 'connection', /connection broke|cut off/],
  ['/no-http', 'connection', /does not match the HTTP/],
  ['/cut', 'content', /has \d+ bytes and 60 came: it is cut off/],
  ['/padded', 'content', /something follows it/],
  ['/html', 'content', /neither PEM .* nor DER of a CRL: it begins with "<!DOCTYPE html>/],
  ['/empty', 'content', /empty/],
  ['/two-pem', 'content', /more than one CRL/],
  ['/cut-pem', 'content', /PEM is cut off|PEM is broken/],
  ['/cut.gz', 'content', /cannot be unpacked/],
  ['/cut-encoded', 'content', /cannot be unpacked/],
  ['/brotli', 'content', /Content-Encoding is br/],
  ['/endless', 'tooLarge', /crl\.maxSize allows 1MiB/],
  ['/hundred-megabytes', 'tooLarge', /100MiB or more, and crl\.maxSize allows 1MiB/],
  ['/bomb', 'tooLarge', /crl\.maxSize, 1MiB/],
  ['/bomb.gz', 'tooLarge', /crl\.maxSize, 1MiB/],
  ['/big-headers', 'tooLarge', /headers are too large/],
  ['/404', 'status', /answered 404/],
  ['/500', 'status', /answered 500/],
  ['/206', 'status', /answered 206/],
  ['/redirect-nowhere', 'status', /answered 302/],
  ['/loop', 'redirect', /lead back to/],
  ['/hops/3', 'redirect', /more often than crl\.maxRedirects, 2/],
] as const)('%s fails as %s and names the URL', async (path, fault, why) => {
  const outcome = await get(path, { 'crl.maxSize': '1MiB', 'crl.maxRedirects': '2' });
  expect(outcome).toMatchObject({ kind: 'failed', code: 'FETCH_FAILED', fault });
  expect(outcome).toHaveProperty('message', expect.stringMatching(why));
  expect(outcome).toHaveProperty('message', expect.stringContaining(`${server.url(path)}: `));
});

test.each(['/bomb', '/bomb.gz'])(
  '%s is given up for how well it packs, whatever it may have',
  async (path) => {
    const outcome = await get(path, { 'crl.maxSize': '1GiB' });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'FETCH_FAILED', fault: 'tooLarge' });
    expect(outcome).toHaveProperty(
      'message',
      expect.stringMatching(/unpack to more than .* 64 times as much/),
    );
  },
);

test.each([
  ['/slow', /no more than \d+B came within (?:400ms|8s)/],
  ['/silent', /nothing came within (?:400ms|8s)/],
  ['/slow-headers', /nothing came within (?:400ms|8s)/],
  ['/steady', /took longer than (?:1s|20s)/],
] as const)('%s is given up', async (path, why) => {
  await withShortTime(400, async (stallTimeout) => {
    const outcome = await get(path, {
      'crl.connectTimeout': `${stallTimeout}ms`,
      'crl.stallTimeout': `${stallTimeout}ms`,
      'crl.fetchTimeout': `${2.5 * stallTimeout}ms`,
    });
    expect(outcome).toMatchObject({ fault: 'timeout', message: expect.stringMatching(why) });
  });
});

test('an address without a server is a failure that names it', async () => {
  const gone = await CrlServer.start({ crl });
  await gone.stop();
  const outcome = await fetchWith(
    fetcherWith({ 'crl.allow': [`127.0.0.1:${gone.port}`] }),
    gone.url('/good.crl'),
  );
  expect(outcome).toMatchObject({
    fault: 'connection',
    message: expect.stringContaining(`ECONNREFUSED 127.0.0.1:${gone.port}`),
  });
});

test('a server that came back after its connections died is served by new ones', async () => {
  const one = fetcher();
  expect(await fetchWith(one, server.url('/good.crl'))).toMatchObject({ kind: 'fetched' });
  expect(await fetchWith(one, server.url('/reset'))).toMatchObject({ kind: 'failed' });
  expect(await fetchWith(one, server.url('/good.crl'))).toMatchObject({ kind: 'fetched' });
});

test('Retry-After is passed on in milliseconds', async () => {
  expect(await get('/busy')).toMatchObject({ fault: 'status', retryAfter: 120_000 });
});

test('redirects are followed up to the limit, and the last URL is told', async () => {
  const outcome = await get('/hops/4', { 'crl.maxRedirects': '5' });
  expect(outcome).toMatchObject({ kind: 'fetched', url: server.url('/good.crl') });
});

test('a fetch that is given up ends at once and says so', async () => {
  const controller = new AbortController();
  const outcome = fetchWith(fetcher(), server.url('/silent'), { signal: controller.signal });
  controller.abort();
  expect(await outcome).toMatchObject({ fault: 'aborted' });
  expect(await fetchWith(fetcher(), server.url('/good.crl'), { signal: controller.signal })).toMatchObject({
    fault: 'aborted',
  });
});

test('closing the fetcher ends what is running', async () => {
  const one = fetcher();
  const outcome = fetchWith(one, server.url('/silent'));
  await one.close();
  expect(await outcome).toMatchObject({ fault: 'aborted' });
});

test.each([
  ['ldap://ldap.example/cn=CA?certificateRevocationList', /ldap is not supported, only http and https/],
  ['ftp://ftp.example/a.crl', /ftp is not supported/],
  ['file:///etc/passwd', /file is not supported/],
])('%s is not supported', async (url, why) => {
  expect(await fetchWith(fetcherWith(), url)).toMatchObject({
    code: 'FETCH_FAILED',
    fault: 'unsupported',
    message: expect.stringMatching(why),
  });
});
